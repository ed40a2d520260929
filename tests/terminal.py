"""A terminal of a set width, and a command's output on it."""

import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.commands import PATIENCE_S
from tests.warm import Forked

_STYLE = re.compile(r"\x1b\[[0-9;]*m")


def run_on_terminal(env: Mapping[str, str], width: int, command: Sequence[str]) -> list[str]:
    """Return the lines that a command, which must end with 0, prints on a terminal so wide, without style."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 50, width, 0, 0))
    env = {**{name: value for name, value in env.items() if name != "COLUMNS"}, "TERM": "xterm-256color"}
    with os.fdopen(theirs, "wb", buffering=0) as terminal:
        process = Forked(command, env, Path.cwd(), terminal, terminal)
    shown = _read_all(ours)
    assert process.wait(PATIENCE_S) == 0, shown
    return _STYLE.sub("", shown).split("\r\n")[:-1]


def _read_all(terminal: int) -> str:
    """Return all output to a terminal until no process has it open any more."""
    parts = []
    with open(terminal, "rb", buffering=0) as file:
        try:
            while part := file.read(4096):
                parts.append(part)
        except OSError:  # so Linux says that the other end is closed
            pass
    return b"".join(parts).decode()
