"""Parts of the local stack: processes that are started, watched and stopped."""

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen, TimeoutExpired
from typing import IO, Protocol

from infra.local.errors import PartError
from infra.local.ports import HOST, require_free
from infra.local.reaper import Reaper, kill_group

Ready = Callable[["Part"], bool]
#: Returns one line on why a process ended, by its exit code and the non-empty lines of its log; may be empty.
Why = Callable[[int | None, Sequence[str]], str]

STOP_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.02


class Process(Protocol):
    """A part's process, as far as the part needs it; a Popen is one."""

    pid: int
    returncode: int | None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended; TimeoutExpired after so many seconds."""

    def send_signal(self, _sig: int) -> None:
        """Send it a signal, unless it has ended."""


#: Begins a command in an environment and a folder, with its output to a file, in a session of its own.
Begin = Callable[[list[str], Mapping[str, str], Path, IO[bytes]], Process]


def listens(part: "Part") -> bool:
    """Return whether something takes connections on the port of a part."""
    try:
        socket.create_connection((HOST, part.port or 0), timeout=2).close()
    except OSError:
        return False
    return True


def begin_process(command: list[str], env: Mapping[str, str], folder: Path, log: IO[bytes]) -> Process:
    """Begin a process that starts cold."""
    return Popen(command, stdin=DEVNULL, stdout=log, stderr=STDOUT, cwd=folder, env=env, start_new_session=True)


def last_line(_exit_code: int | None, lines: Sequence[str]) -> str:
    """Return the last line of a process."""
    return lines[-1] if lines else ""


@dataclass(eq=False, repr=False)
class Part:
    """A named process with a log file and a way to see that it is ready.

    It runs in `folder`, in a session of its own, so that a Ctrl-C at the terminal reaches its owner only. It can
    be started again after it ended, always with the same command; `port`, if given, must be free each time.
    `begin` begins it, `stop_signal` is how it is told to stop, and `why` reads its log when it fails. Not
    thread-safe.
    """

    name: str
    command: list[str]
    _: KW_ONLY
    env: Mapping[str, str]
    folder: Path
    log: Path
    ready: Ready
    reaper: Reaper
    port: int | None = None
    start_within_s: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    why: Why = last_line
    begin: Begin = begin_process
    _process: Process | None = field(default=None, init=False)
    _wanted: bool = field(default=False, init=False)
    _log_start: int = field(default=0, init=False)

    @property
    def pid(self) -> int:
        """Return the process id of the latest start; `PartError` before the first."""
        return self._started.pid

    @property
    def running(self) -> bool:
        """Return whether its process is there now."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Return how the latest run ended (negative: the signal), None while it runs or before the first."""
        return None if self._process is None else self._process.poll()

    @property
    def ready_line(self) -> str | None:
        """Return the line of the latest run's output that begins with `ready `, if it has come."""
        return next((line for line in self.output().splitlines() if line.startswith("ready ")), None)

    def output(self) -> str:
        """Return all that the latest run has written to stdout and stderr."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def start(self) -> None:
        """Start it and return once it is ready; `PartError` if it is not within its time."""
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Start its process and return at once; `wait_ready` must follow. Does nothing while it runs."""
        if self.running:
            return
        if self.port is not None:
            require_free(self.name, self.port)
        try:
            self._process = self._open()
        except OSError as error:
            raise PartError(f"{self.name} did not start: {error}") from error
        self._wanted = True
        self.reaper.watch(self.pid)

    def wait_ready(self) -> None:
        """Return once it is ready. If it ends before, or takes too long, it is killed and an error raised."""
        deadline = time.monotonic() + self.start_within_s
        while not (self.ready(self) and self.running):
            if not self.running:
                self._give_up(f"ended with exit code {self.exit_code}")
            if time.monotonic() > deadline:
                self._give_up(f"was not ready within {self.start_within_s:g} s")
            time.sleep(_LOOK_EVERY_S)

    def check(self) -> None:
        """Raise `PartError`, with the cause from its log, if it ended though it was not told to from here."""
        if self._wanted and not self.running:
            raise PartError(f"{self.name} died with exit code {self.exit_code}: {self._why()}")

    def ask_to_stop(self) -> None:
        """Tell it to stop and return at once; `wait_stopped` must follow."""
        self._wanted = False
        if self._process is not None:
            self._process.send_signal(self.stop_signal)

    def wait_stopped(self, within_s: float = STOP_WITHIN_S) -> None:
        """Return once it has ended, by SIGKILL if it takes longer than this; its children end with it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(TimeoutExpired):
                self._process.wait(within_s)
            self._end()

    def terminate(self, within_s: float = STOP_WITHIN_S) -> None:
        """Tell it to stop, then SIGKILL after this time. Return once it has ended."""
        self.ask_to_stop()
        self.wait_stopped(within_s)

    def kill(self) -> None:
        """Send SIGKILL to this one process, as `kill -9 PID` does: its children see to themselves."""
        self._wanted = False
        if self.running:
            os.kill(self.pid, signal.SIGKILL)
            self._bury()

    @property
    def _started(self) -> Process:
        if self._process is None:
            raise PartError(f"{self.name} has not been started")
        return self._process

    def _open(self) -> Process:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = os.fstat(log.fileno()).st_size
            return self.begin(self.command, self.env, self.folder, log)

    def _give_up(self, what: str) -> None:
        self._wanted = False
        self._end()
        raise PartError(f"{self.name} {what}: {self._why()}")

    def _end(self) -> None:
        kill_group(self.pid)
        self._bury()

    def _bury(self) -> None:
        self._started.wait()
        self.reaper.forget(self.pid)

    def _why(self) -> str:
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        return self.why(self.exit_code, lines) or f"nothing in {self.log}"
