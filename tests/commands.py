"""Commands, each in a process that has its imports behind it: their output, and their exit codes."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryFile
from typing import IO, NamedTuple

import click

from handlers.cli.main import pressroom
from tests.warm import Forked

PATIENCE_S = 60.0


class Done(NamedTuple):
    """Command that has ended."""

    code: int
    out: str
    err: str


def run(env: Mapping[str, str], program: Sequence[str], *args: str, folder: Path | None = None) -> Done:
    """Run a command in exactly that environment, in this folder if no other is given.

    `program` is a script, or Python, `-m` and a module.
    """
    with TemporaryFile() as out, TemporaryFile() as err:
        process = Forked([*program, *args], env, folder or Path.cwd(), out, err)
        try:
            code = process.wait(PATIENCE_S)
        except TimeoutExpired:
            process.kill()
            raise
        return Done(code, _text(out), _text(err))


def run_cold(env: Mapping[str, str], program: Sequence[str], *args: str) -> Done:
    """Run a command in exactly that environment, as an operator does: with nothing imported beforehand."""
    command = [*program, *args]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


def parse(command: Sequence[str]) -> dict[str, object]:
    """Return what the command line understands of a command, without running it."""
    program, *rest = command
    assert program == "pressroom"
    found: click.Command = pressroom
    while isinstance(found, click.Group):
        _, named, rest = found.resolve_command(click.Context(found), rest)
        assert named is not None
        found = named
    return dict(found.make_context(found.name, [*rest]).params)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
