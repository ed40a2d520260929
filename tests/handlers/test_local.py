"""`pressroom local`: any command on the stack that runs in the same folder, and plain words where none does."""

import json
import shutil
from pathlib import Path

import pytest

from actors.products.catalogue import PRODUCTS
from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests.commands import Done, run
from tests.pressroom import PRESSROOM

#: What a developer's own shell may say of the real installation.
REAL = {"MONGODB_URL": "mongodb://real.example/shop?replicaSet=rs", "AWS_PROFILE": "real", "LOG_FORMAT": "xml"}


def local(folder: Path, *args: str) -> Done:
    """Run `pressroom local …` in a folder, as a developer does beside the stack."""
    return run({**outer_environment(), **REAL}, PRESSROOM, "local", *args, folder=folder)


@pytest.fixture
def beside(stack: Stack, tmp_path: Path) -> Path:
    """A folder in which the stack of the tests runs."""
    (tmp_path / ".local").symlink_to(stack.part("redis").folder.parent)
    return tmp_path


def test_a_command_reaches_the_stack_that_runs_here(beside: Path) -> None:
    """The servers are the stack's, whatever the developer's own settings say; only its owner may read of them."""
    assert local(beside, "dead", "list") == (0, "None.\n", "")
    code, out, err = local(beside, "queues", "list", "--json")
    assert (code, err) == (0, "")
    assert {queue["queue"] for queue in json.loads(out)} == {*PRODUCTS, "bundle"}
    assert (beside / ".local" / "settings.json").stat().st_mode & 0o777 == 0o600


def test_a_process_runs_on_the_stack_too(beside: Path) -> None:
    """What is not an operator's command has the stack's settings as well."""
    code, out, _ = local(beside, "sweep", "--once")
    assert (code, out) == (0, "ready sweep\n")


def test_without_a_stack_one_line_says_how_to_start_one(beside: Path, tmp_path: Path) -> None:
    """Neither an empty folder nor what a killed stack leaves behind is taken for a stack."""
    killed = tmp_path / "killed"
    (killed / ".local").mkdir(parents=True)
    shutil.copy(beside / ".local" / "settings.json", killed / ".local")
    (tmp_path / "empty").mkdir()
    for folder in (killed, tmp_path / "empty"):
        said = local(folder, "orders", "list")
        assert said == (1, "", "pressroom: no local stack runs here; start one with `make up`\n")


@pytest.mark.parametrize("args", [(), ("nonsense",), ("local",), ("up",), ("demo",)], ids=" ".join)
def test_bad_use_ends_with_2(tmp_path: Path, args: tuple[str, ...]) -> None:
    """What is no command, or would start a stack, is wrong usage, whether a stack runs or not."""
    code, out, err = local(tmp_path, *args)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: pressroom local ")
    assert not args or err.endswith(f"Error: No such command '{args[0]}'.\n")


@pytest.mark.parametrize("args", [("--help",), ("orders", "list", "--help"), ("web", "-h")], ids=" ".join)
def test_help_needs_no_stack(tmp_path: Path, args: tuple[str, ...]) -> None:
    """Every command tells how it is used, as it is used here."""
    code, out, _ = local(tmp_path, *args)
    assert code == 0
    assert out.startswith(f"Usage: pressroom {' '.join(('local', *args[:-1]))} ")
