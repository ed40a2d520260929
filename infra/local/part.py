"""One process of the local stack: started, watched, stopped."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.local.errors import PartDidNotStart, PartDied
from infra.local.ports import require_free
from infra.local.reaper import Reaper, kill_group

Ready = Callable[["Part"], bool]

START_WITHIN_S = 20.0
STOP_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.02


class Part:
    """A named process with a log file and a way to see that it is ready.

    It runs in a session of its own, so that a Ctrl-C at the terminal reaches its owner only. It can be started
    again after it ended, always with the same command and so on the same port. Not thread-safe.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        folder: Path,
        log: Path,
        ready: Ready,
        port: int | None = None,
        reaper: Reaper | None = None,
        start_within_s: float = START_WITHIN_S,
    ) -> None:
        """`folder` is where it runs, `port` where it will listen, if that is to be free before each start."""
        self.name = name
        self.command = list(command)
        self.env = dict(env)
        self.folder = folder
        self.log = log
        self.port = port
        self._is_ready = ready
        self._reaper = reaper
        self._start_within_s = start_within_s
        self._process: subprocess.Popen[bytes] | None = None
        self._wanted = False
        self._log_start = 0

    @property
    def pid(self) -> int:
        """The process id of the latest start; `PartDidNotStart` before the first."""
        return self._started.pid

    @property
    def running(self) -> bool:
        """Whether its process is there now."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the latest run ended (negative: the signal), None while it runs or before the first."""
        return None if self._process is None else self._process.poll()

    @property
    def died(self) -> bool:
        """Whether it ended though nobody asked it to through this object."""
        return self._wanted and not self.running

    @property
    def ready_line(self) -> str | None:
        """The line of the latest run's output that begins with `ready `, if it has come."""
        return next((line for line in self.output().splitlines() if line.startswith("ready ")), None)

    def output(self) -> str:
        """What the latest run has written to stdout and stderr."""
        if not self.log.exists():
            return ""
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
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._process = self._open()
        except OSError as error:
            raise PartDidNotStart(f"{self.name} did not start: {error}") from error
        self._wanted = True
        if self._reaper is not None:
            self._reaper.watch(self._process.pid)

    def wait_ready(self) -> None:
        """Return once it is ready. If it ends before, or takes too long, it is killed and an error raised."""
        deadline = time.monotonic() + self._start_within_s
        while not self._is_ready(self) or not self.running:
            if self._ends_within(_LOOK_EVERY_S):
                self._give_up(f"ended with exit code {self.exit_code}")
            if time.monotonic() > deadline:
                self._give_up(f"was not ready within {self._start_within_s:g} s")

    def check(self) -> None:
        """Raise `PartDied`, with the last line of its log, if it ended on its own."""
        if self.died:
            raise PartDied(f"{self.name} died with exit code {self.exit_code}: {self._last_line()}")

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once; `wait_stopped` must follow."""
        self._wanted = False
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_stopped(self, within_s: float = STOP_WITHIN_S) -> None:
        """Return once it has ended, by SIGKILL if it takes longer than this; its children end with it."""
        self._wanted = False
        if self._process is None or self._process.returncode is not None:
            return
        if not self._ends_within(within_s):
            kill_group(self._process.pid)
            self._process.wait()
        kill_group(self._process.pid)
        self._forget()

    def terminate(self, within_s: float = STOP_WITHIN_S) -> None:
        """SIGTERM, then SIGKILL after this time. Returns once it has ended; does nothing if it had."""
        self.ask_to_stop()
        self.wait_stopped(within_s)

    def kill(self) -> None:
        """SIGKILL to this one process, as `kill -9 PID` does it: its children see to themselves."""
        self._wanted = False
        if self._process is None or self._process.poll() is not None:
            return
        self._process.kill()
        self._process.wait()
        self._forget()

    def restart(self) -> None:
        """Stop it if it runs, start it anew with the same command, and return once it is ready."""
        self.terminate()
        self.start()

    @property
    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise PartDidNotStart(f"{self.name} has not been started")
        return self._process

    def _open(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self._log_start = os.fstat(log.fileno()).st_size
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self.env,
                start_new_session=True,
            )

    def _ends_within(self, seconds: float) -> bool:
        try:
            self._started.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _give_up(self, what: str) -> None:
        self._wanted = False
        if self.running:
            self._started.send_signal(signal.SIGKILL)
            self._started.wait()
        kill_group(self.pid)
        self._forget()
        raise PartDidNotStart(f"{self.name} {what}: {self._last_line()}")

    def _forget(self) -> None:
        if self._reaper is not None:
            self._reaper.forget(self.pid)

    def _last_line(self) -> str:
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        return lines[-1] if lines else f"nothing in {self.log}"
