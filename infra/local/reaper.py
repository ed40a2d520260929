"""Ends the parts when their owner is gone, however it went.

The parts live in sessions of their own, so neither a Ctrl-C nor the owner's death reaches them. This small
process holds the other end of a pipe: when the owner ends, even by SIGKILL, the pipe closes, and every process
group still on the list is killed. (The kernel's parent-death signal would do for Linux only, and is tied to the
thread that started the part, not to the process.)
"""

import contextlib
import os
import signal
import subprocess
import sys


class Reaper:
    """The owner's end: which process groups must not outlive it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.reaper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def watch(self, group: int) -> None:
        """From now on this process group ends with its owner."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """This process group has ended; its number may come to mean another."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Kill what is still watched and end. Does nothing the second time."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
            self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None or self._process.stdin.closed:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()


def kill_group(group: int) -> None:
    """SIGKILL to every process of a group, if there are any left."""
    # macOS answers EPERM where only a zombie is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def main() -> None:
    """Read the list from the owner until it ends, then kill what is on it."""
    watched: set[int] = set()
    for line in sys.stdin:
        change = watched.add if line.startswith("+") else watched.discard
        change(int(line[1:]))
    for group in watched:
        kill_group(group)


if __name__ == "__main__":
    main()
