"""Commands in processes that have their imports behind them: `python -m tests.commands` forks one for each.

To start Python and import every client takes a processor a second, and tests run some hundred commands. Each has a
process, an environment and an exit code of its own all the same; that commands also start cold is for
tests/handlers/test_cli.py.
"""

import atexit
import gc
import json
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from subprocess import PIPE, Popen
from tempfile import TemporaryFile
from threading import Timer
from typing import IO, NamedTuple

PATIENCE_S = 60.0
#: What commands import when they run.
PRELOADED = (
    "actors.reconcile",
    "actors.sweep.sweep",
    "actors.worker.process",
    "handlers.cli.session",
    "handlers.views",
    "handlers.web.server",
    "rich.table",
)


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


def run(env: Mapping[str, str], program: Sequence[str], *args: str) -> Done:
    """Run a command in exactly that environment; `program` is a script, or Python, `-m` and a module."""
    asked, answers = _forker().stdin, _forker().stdout
    assert asked is not None
    assert answers is not None
    patience = Timer(PATIENCE_S, _forker().kill)
    patience.start()
    asked.write(json.dumps([dict(env), [*program], args]).encode() + b"\n")
    asked.flush()
    line = answers.readline()
    patience.cancel()
    assert line, f"{args} did not end within {PATIENCE_S} s"
    return Done(*json.loads(line))


@cache
def _forker() -> Popen[bytes]:
    """The process from which commands are forked; it ends when its stdin does, and so with this one."""
    process = Popen([sys.executable, "-m", "tests.commands"], stdin=PIPE, stdout=PIPE)
    atexit.register(process.__exit__, None, None, None)
    return process


def fork_for_ever() -> None:
    """Fork a process for each line that asks for one, and answer with what became of it."""
    for module in PRELOADED:
        import_module(module)
    gc.freeze()  # or each command would take apart at its end what it has from here
    for line in sys.stdin:
        env, program, args = json.loads(line)
        with TemporaryFile() as out, TemporaryFile() as err:
            child = os.fork()
            if child == 0:
                _become(env, out, err)
                _perform(program, args)
                return
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            print(json.dumps([code, _text(out), _text(err)]), flush=True)  # noqa: T201 (its way to speak)


def _become(env: Mapping[str, str], out: IO[bytes], err: IO[bytes]) -> None:
    """Make this process a command's: with its environment, its output, and no input."""
    os.environ.clear()
    os.environ.update(env)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 (a device)
        for file, number in ((nothing, 0), (out, 1), (err, 2)):
            os.dup2(file.fileno(), number)


def _perform(program: Sequence[str], args: Sequence[str]) -> None:
    sys.argv = [program[-1], *args]
    if "-m" in program:
        runpy.run_module(program[-1], run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(program[0], run_name="__main__")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


if __name__ == "__main__":
    fork_for_ever()
