"""The whole set: complete, restartable, and gone when its owner is gone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pymongo import MongoClient

from infra.local.errors import PartError
from infra.local.notice import read_notice
from infra.local.stack import Stack
from infra.settings import read_settings
from tests.infra.local.post import send_letter
from tests.infra.local.waiting import eventually, is_alive
from tests.warm import begin

OWNER = """
import signal, sys
from pathlib import Path
from infra.local.stack import Stack
with Stack(Path(sys.argv[1])) as stack:
    print(*(part.pid for part in stack.parts), flush=True)
    signal.pause()
"""


def test_the_environment_is_complete(stack: Stack) -> None:
    """Pressroom's own settings accept it, and it names the web port that Stripe's webhooks go to."""
    settings = read_settings(stack.env)
    assert settings.public_url == stack.urls.web == f"http://127.0.0.1:{stack.web_port}"


def test_a_crashed_part_is_named(stack: Stack) -> None:
    """`check` says which part died on its own; after a restart on the same port all is well."""
    stack.check()
    redis = stack.part("redis")
    os.kill(redis.pid, signal.SIGKILL)
    eventually(lambda: not redis.running)
    with pytest.raises(PartError, match=r"^redis died with exit code -9: "):
        stack.check()
    redis.start()
    stack.check()


def test_an_unknown_part_is_an_error_that_lists_the_known(stack: Stack) -> None:
    """Asking for a part that is not there says which are."""
    with pytest.raises(PartError, match=r"no part printer; it has mongodb, redis, s3, mail, llm, stripe$"):
        stack.part("printer")


def test_a_folder_has_one_owner(stack: Stack, tmp_path: Path) -> None:
    """A second stack on the same data refuses to start."""
    folder = stack.part("redis").folder.parent
    with pytest.raises(PartError, match="another local stack runs on "), Stack(folder):
        pass
    stack.check()


@pytest.mark.long
def test_a_second_life_finds_what_the_first_one_stored(tmp_path: Path) -> None:
    """Stopping leaves no process and no notice; secrets, documents and letters outlive it, on other ports."""
    with Stack(tmp_path, begin=begin) as first:
        env, pids = first.env, [part.pid for part in first.parts]
        with MongoClient[dict[str, object]](env["MONGODB_URL"]) as client:
            client.get_default_database()["orders"].insert_one({"_id": "cs_test_1"})
        send_letter(env["MAIL_URL"], subject="Kept")
        assert read_notice(tmp_path) == env
    assert [file.name for file in tmp_path.glob("settings*")] == []
    assert not any(map(is_alive, pids))

    with Stack(tmp_path, begin=begin) as second:
        assert second.env["SECRET_KEY"] == env["SECRET_KEY"]
        assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
        with MongoClient[dict[str, object]](second.env["MONGODB_URL"]) as client:
            assert client.get_default_database()["orders"].find_one() == {"_id": "cs_test_1"}
        assert [letter.subject for letter in second.inbox.letters()] == ["Kept"]


@pytest.mark.long
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, -15)])
def test_nothing_outlives_the_owner(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """However the owner ends, by SIGKILL or SIGTERM, its parts end too, and its notice holds no more."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 6
        owner.send_signal(number)
        assert owner.wait() == code
    eventually(lambda: not any(map(is_alive, pids)))
    with pytest.raises(PartError, match="no local stack runs here"):
        read_notice(tmp_path)
