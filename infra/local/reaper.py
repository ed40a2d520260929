"""Ends the parts when their owner is gone, even by `kill -9`.

The parts live in sessions of their own, so neither a Ctrl-C nor the owner's death reaches them. This small
process holds the other end of a pipe: when the owner ends, even by SIGKILL, the pipe closes, and every process
group still on the list is killed. (The kernel's parent-death signal is Linux's only, and is tied to a thread.)
"""

import contextlib
import os
import signal
import subprocess
import sys


class Reaper:
    """The owner's end: a list of process groups that must not outlive it."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self._pipe = os.fdopen(write, "wb", buffering=0)
        command = [sys.executable, "-m", "infra.local.reaper"]
        self._process = subprocess.Popen(command, stdin=read, stdout=subprocess.DEVNULL, start_new_session=True)
        os.close(read)

    def watch(self, group: int) -> None:
        """End this process group with its owner from now on."""
        self._tell(f"+{group}\n")

    def forget(self, group: int) -> None:
        """Drop a process group that has ended; its number may come to mean another."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """Kill the groups that are still watched, and end."""
        self._pipe.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError, ValueError):  # it is gone, or was closed
            self._pipe.write(line.encode())


def kill_group(group: int) -> None:
    """Send SIGKILL to every process of a group, if there are any left."""
    # macOS answers EPERM where only a zombie is left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watched: set[int] = set()
    for line in sys.stdin:
        change = watched.add if line.startswith("+") else watched.discard
        change(int(line[1:]))
    for group in watched:
        kill_group(group)
