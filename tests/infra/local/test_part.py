"""One process: up within its time or an error of one line, ended when asked, noticed when it died."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from infra.local.errors import PartError
from infra.local.part import Part
from infra.local.reaper import Reaper
from tests.infra.local.waiting import eventually, is_alive

OBEDIENT = "import signal; print('ready here', flush=True); signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + OBEDIENT
WITH_CHILD = (
    "import subprocess, sys, signal; child = subprocess.Popen(['sleep', '60']); "
    "print('child', child.pid, flush=True); " + OBEDIENT
)


@pytest.fixture
def make_part(tmp_path: Path) -> Iterator[Callable[..., Part]]:
    """Make parts that run a line of Python."""
    with closing(Reaper()) as reaper:

        def make(program: str, **more: Any) -> Part:
            return Part(
                "press",
                [sys.executable, "-c", program],
                env={},
                folder=tmp_path,
                log=tmp_path / "press.log",
                ready=lambda part: part.ready_line is not None,
                reaper=reaper,
                **more,
            )

        yield make


def test_a_part_is_ready_when_it_says_so_and_ends_when_asked(make_part: Callable[..., Part]) -> None:
    """`start` returns once the ready line is there; SIGTERM ends the process, and that is no death."""
    part = make_part(OBEDIENT)
    part.start()
    assert part.ready_line == "ready here"
    assert part.running
    part.terminate()
    assert part.exit_code == -signal.SIGTERM
    part.check()


def test_a_part_that_ends_at_once_is_one_line_with_its_last_words(make_part: Callable[..., Part]) -> None:
    """The error names the part, its exit code and the last line that it wrote."""
    part = make_part("import sys; print('one'); print('no paper left'); sys.exit(3)")
    with pytest.raises(PartError) as error:
        part.start()
    assert str(error.value) == "press ended with exit code 3: no paper left"


def test_a_part_that_never_gets_ready_is_ended(make_part: Callable[..., Part]) -> None:
    """Past its time it is killed, and the error says how long that was."""
    part = make_part("import signal; signal.pause()", start_within_s=0.2)
    with pytest.raises(PartError, match=r"^press was not ready within 0\.2 s: nothing in .*press\.log$"):
        part.start()
    assert not part.running


def test_a_command_that_is_not_installed_is_named(make_part: Callable[..., Part]) -> None:
    """A missing program is an error of one line, not a traceback."""
    part = make_part(OBEDIENT)
    part.command = ["/no/such/program"]
    with pytest.raises(PartError, match=r"^press did not start: .*No such file.*/no/such/program"):
        part.start()


def test_a_taken_port_is_one_line_that_names_part_and_port(make_part: Callable[..., Part]) -> None:
    """Nothing is started where something else listens already."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        part = make_part(OBEDIENT, port=port)
        with pytest.raises(PartError) as error:
            part.start()
    assert str(error.value) == f"press cannot start: port {port} is taken by another process"


def test_a_part_that_ignores_sigterm_is_killed(make_part: Callable[..., Part]) -> None:
    """After its time `terminate` uses SIGKILL."""
    part = make_part(STUBBORN)
    part.start()
    part.terminate(within_s=0.1)
    assert part.exit_code == -signal.SIGKILL


def test_a_death_nobody_asked_for_is_named(make_part: Callable[..., Part]) -> None:
    """`check` raises for a process that ended on its own, and no longer once it was started again."""
    part = make_part(OBEDIENT)
    part.start()
    part.check()
    os.kill(part.pid, signal.SIGKILL)
    eventually(lambda: not part.running)
    with pytest.raises(PartError, match=r"^press died with exit code -9: ready here$"):
        part.check()
    part.start()
    part.check()
    part.terminate()


def test_kill_is_asked_for_and_can_be_followed_by_a_start(make_part: Callable[..., Part]) -> None:
    """`kill` ends the process without it counting as died; the next start is a new process."""
    part = make_part(OBEDIENT)
    part.start()
    first = part.pid
    part.kill()
    part.check()
    part.start()
    assert part.pid != first
    part.terminate()


def test_the_children_of_a_part_end_with_it(make_part: Callable[..., Part]) -> None:
    """`terminate` leaves nothing of the part's process group behind."""
    part = make_part(WITH_CHILD)
    part.start()
    child = int(part.output().split()[1])
    assert is_alive(child)
    part.terminate()
    eventually(lambda: not is_alive(child))
