"""`pressroom up` and `pressroom demo`: a stack that can be used from beside it, or one line that says why not."""

import signal
import socket
import subprocess
from itertools import takewhile
from pathlib import Path

import pytest

from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests.commands import Done
from tests.ports import free_ports
from tests.pressroom import PRESSROOM


def start(folder: Path, *command: str) -> Done:
    """Run a command in a folder until it ends."""
    done = subprocess.run(
        command, cwd=folder, env=outer_environment(), capture_output=True, text=True, timeout=60, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """Where another process has the shop's port, that is the one line, exit 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = start(tmp_path, *PRESSROOM, "up", "--port", str(port))
    assert said == (1, "", f"pressroom: web cannot start: port {port} is taken by another process\n")


@pytest.mark.parametrize("command", [("up",), ("demo", "life_clarity")], ids=" ".join)
def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Where nothing can be written the one line says why, exit 1."""
    (tmp_path / ".local").touch()
    said = start(tmp_path, *PRESSROOM, *command)
    assert said == (1, "", f"pressroom: no local stack can be kept in {tmp_path / '.local'}: File exists\n")


def test_a_demo_that_could_keep_nothing_does_not_begin(tmp_path: Path) -> None:
    """Where mail and PDFs cannot be kept, the one line says so before anything is bought, exit 1."""
    (tmp_path / "demo-output").touch()
    said = start(tmp_path, *PRESSROOM, "demo", "life_clarity")
    assert said == (1, "", "Error: demo-output: File exists.\n")


def test_the_data_of_another_database_is_named_and_left_alone(tmp_path: Path) -> None:
    """What an earlier version kept is neither used nor removed: one line says where it lies, exit 1."""
    kept = tmp_path / ".local" / "mongodb" / "secantus_collections.wt"
    kept.parent.mkdir(parents=True)
    kept.write_text("orders")
    code, out, err = start(tmp_path, *PRESSROOM, "demo", "life_clarity")
    assert (code, out) == (1, "")
    assert str(kept.parent) in err
    assert err.count("\n") == 1
    assert kept.read_text() == "orders"


def test_a_folder_has_one_stack(stack: Stack, tmp_path: Path) -> None:
    """Where a stack runs already, another says so in one line and ends with 1."""
    folder = stack.part("redis").folder.parent
    (tmp_path / ".local").symlink_to(folder)
    code, out, err = start(tmp_path, *PRESSROOM, "up", "--port", str(free_ports(1)[0]))
    assert (code, out) == (1, "")
    assert err == f"pressroom: another local stack runs on {folder}; stop it first\n"


@pytest.mark.long
def test_the_stack_says_how_it_is_used_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    """Everything comes up; the command that it names works from beside it; after Ctrl-C nothing is left to use."""
    command = [*PRESSROOM, "up", "--port", str(free_ports(1)[0])]
    with subprocess.Popen(command, cwd=tmp_path, env=outer_environment(), stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        try:
            said = list(takewhile(lambda line: line != "Press Ctrl-C to stop.\n", up.stdout))
            told = dict(line.strip().split(maxsplit=1) for line in said if "  " in line)
            used = start(tmp_path, *told["Commands"].split())
            up.send_signal(signal.SIGINT)
            code = up.wait(30)
        finally:
            up.kill()
    assert code == 0
    assert said[0] == "Starting MongoDB, Redis, SeaweedFS for S3, and stand-ins for mail, LLM and Stripe\n"
    assert used == (0, "None.\n", "")
    assert start(tmp_path, *told["Commands"].split()).code == 1
