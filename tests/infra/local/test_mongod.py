"""The local MongoDB: a replica set, and one line for each way in which it does not start."""

import errno
import json
import os
import signal
from pathlib import Path

import pytest
from pymongo import MongoClient

from infra.local.errors import PartError
from infra.local.mongod import why_mongod_ended
from infra.local.stack import Stack

#: A part of what WiredTiger writes down when the disk is full.
FULL = {"category": "WT_VERB_DEFAULT", "msg": "a write failed", "error_str": os.strerror(errno.ENOSPC)}


def test_a_user_would_write_its_url(stack: Stack) -> None:
    """The URL names hosts and set, and leaves the driver's defaults as they are."""
    url = stack.env["MONGODB_URL"]
    assert url.partition("?")[2] == "replicaSet=pressroom"
    with MongoClient[dict[str, object]](url) as client:
        assert client.options.retry_writes
        assert client.admin.command("buildInfo")["version"] >= "6"
        assert len(client.admin.command("hello")["hosts"]) == 1


def test_the_data_of_another_database_is_left_alone(tmp_path: Path) -> None:
    """A folder of SecantusDB, which earlier versions used, is named and not touched."""
    (tmp_path / "mongodb").mkdir()
    theirs = tmp_path / "mongodb" / "secantus_collections.wt"
    theirs.write_text("kept")
    with (
        pytest.raises(PartError, match=r"^mongodb cannot start: .*/mongodb holds data of SecantusDB"),
        Stack(tmp_path),
    ):
        pass
    assert [theirs] == list(theirs.parent.iterdir())
    assert theirs.read_text() == "kept"


def test_a_data_folder_that_mongod_cannot_read_is_named(tmp_path: Path) -> None:
    """Files that are not MongoDB's end the start with one line that says so."""
    (tmp_path / "mongodb").mkdir()
    (tmp_path / "mongodb" / "WiredTiger").write_text("not a database")
    (tmp_path / "mongodb" / "WiredTiger.turtle").write_text("not a database")
    with (
        pytest.raises(PartError, match=r"^mongodb ended with exit code -?\d+: .*WiredTiger") as failed,
        Stack(tmp_path),
    ):
        pass
    assert "\n" not in str(failed.value)


def test_a_data_folder_has_one_mongod(stack: Stack, tmp_path: Path) -> None:
    """Two stacks cannot share a database's folder."""
    theirs = stack.part("mongodb").folder
    (tmp_path / "mongodb").symlink_to(theirs, target_is_directory=True)
    with pytest.raises(PartError, match=r"^mongodb ended with exit code -?\d+: .*DBPathInUse"), Stack(tmp_path):
        pass


@pytest.mark.parametrize(
    ("code", "log", "why"),
    [
        (-signal.SIGILL, [], "this processor lacks AVX, which MongoDB needs from version 5 on"),
        (127, ["libcurl.so.4: cannot open shared object file"], "libcurl.so.4: cannot open shared object file"),
        (
            14,
            [
                json.dumps({"s": "I", "msg": "Opening WiredTiger"}),
                json.dumps({"s": "E", "msg": "WiredTiger error message", "attr": {"message": FULL}}),
                json.dumps({"s": "F", "msg": "Fatal assertion", "attr": {"msgid": 50853}}),
            ],
            "WiredTiger error message: a write failed: No space left on device",
        ),
        (-9, [], ""),
    ],
)
def test_the_log_is_read_for_the_reason(code: int, log: list[str], why: str) -> None:
    """Of what a `mongod` wrote, the error is told that says most; a processor that is too old is named."""
    assert why_mongod_ended(code, log) == why
