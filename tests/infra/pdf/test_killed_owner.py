"""The owner of children is killed: nothing that it started outlives it, whatever that was doing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: A pool whose server process never comes to an end of loading.
LOADING = """
import asyncio
from infra.children import ChildPool
pool = ChildPool(
    processes=2, tasks_per_child=1, memory=1 << 30, preload="tests.infra.pdf.endless_load", enter_child=print
)
asyncio.run(pool.run(60.0, print))
"""


def check_that_nothing_remains(folder: Path, *command: str) -> None:
    """Kill -9 an owner once it has children that have begun, and check that all end, and no file is left."""
    owner = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"begun\n"
        owner.kill()
        # The pipe ends when the last process that inherited it has: the owner, its server, its children.
        rest, _ = owner.communicate(timeout=20)
        assert rest == b""
    assert not list(folder.glob("*fonts*"))


def test_a_child_that_keeps_the_interpreter_to_itself(tmp_path: Path) -> None:
    """A child in a long call of a library in C, in which no thread of it can look for the owner, ends."""
    check_that_nothing_remains(tmp_path, "-m", "tests.infra.pdf.held")


def test_a_server_that_loads(tmp_path: Path) -> None:
    """The server process ends while it still loads the typesetter, though work for children waits at its door."""
    check_that_nothing_remains(tmp_path, "-c", LOADING)
