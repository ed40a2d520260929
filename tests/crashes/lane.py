"""Lane: a whole Pressroom whose processes note what they do, die in traps, and are started again when they do."""

import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from redis import Redis

from actors.products.catalogue import MAIL_QUEUE
from infra.local.environment import outer_environment
from infra.local.part import Part
from infra.local.ports import HOST
from infra.local.stack import Stack
from tests import commands
from tests.crashes.edges import DIED, Trapper
from tests.pressroom import Pressroom
from tests.products.sextet.product import DUET, SEXTET

Found = TypeVar("Found")

#: Of the workers that do most, two, so that one is alive when the other dies.
_WORKERS = (SEXTET.name, SEXTET.name, DUET.name, MAIL_QUEUE, MAIL_QUEUE)
#: No order here has more messages in the air than a worker has threads, and idle threads wake now and then.
_PROCESSES = (("web",), ("sweep",), *(("worker", queue, "--threads", "8") for queue in _WORKERS))
_LOOK_EVERY_S = 0.05
#: The longest way to an end is by a letter whose sender died: its delivery is taken over after 55 s, and the sweep
#: asks every 15 s.
PATIENCE_S = 180.0
#: So long that the longest play after it ends before the sweep is ten minutes old.
_SWEEP_LIVES_S = 240.0
#: The stack's list of parts is no matter for several threads.
_starting = threading.Lock()


def ready_line(part: Part) -> str | None:
    """Return the line by which a process says that it is ready."""
    return part.ready_line


class StuckError(Exception):
    """What had to come did not come."""


class Lane:
    """Pressroom with databases and a port of its own, to be used by one thread, in a `with` block."""

    def __init__(self, stack: Stack, folder: Path, number: int, port: int, planted: str = "") -> None:
        """Prepare the lane of that number, from 1 on, whose processes have the bug of that name, if any."""
        folder.mkdir()
        self.trapper = Trapper(folder)
        #: Processes that ended though nobody killed them and no trap was set.
        self.ends: list[str] = []
        self.patience_s = PATIENCE_S
        program = (sys.executable, "-m", "tests.crashes.planted" if planted else "tests.crashes.program")
        url = stack.env["REDIS_URL"].removesuffix("/0") + f"/{number}"
        self.redis = Redis.from_url(url)
        #: Its name as an installation: what else is paid on the stack's account is another shop's.
        self.name = f"lane_{number}"
        env = {"CRASHES": str(folder), "REDIS_URL": url, "PLANTED": planted, "INSTALLATION": self.name}
        self.pressroom = Pressroom(stack, program, **env)
        self.pressroom.door = f"http://{HOST}:{port}"
        self._port = port
        self._running: list[Part] = []
        self._swept_since = time.monotonic()

    def __enter__(self) -> "Lane":
        self.redis.flushdb()
        self._start(*_PROCESSES[0]).wait_ready()  # alone, since it builds the indexes
        for command in _PROCESSES[1:]:
            self._start(*command)
        return self

    def __exit__(self, *_: object) -> None:
        self.pressroom.__exit__()
        self.redis.close()

    def running(self) -> list[Part]:
        """Return its processes."""
        return [part for part in self._running if part.running]

    def wait_ready(self) -> None:
        """Return once all of it can take work."""
        for part in self._running:
            part.wait_ready()

    def clear(self) -> None:
        """Forget all work, and what is wrong with it."""
        for name in set(self.pressroom.db.list_collection_names()) - {"workers", "plans"}:
            self.pressroom.db[name].delete_many({})
        self.redis.flushdb()
        self.ends.clear()

    def tend(self) -> None:
        """Start again what has died, as a supervisor does."""
        for part in self._running:
            if not part.running:
                if part.exit_code not in {DIED, -signal.SIGKILL}:
                    self.ends.append(f"{part.name} ended with exit code {part.exit_code}")
                self._again(part)

    def deploy(self) -> None:
        """Tell one process after another to end, and start another in its place."""
        for part in self._running:
            self._renew(part)

    def renew_sweep(self) -> None:
        """Start the sweep anew if it would soon do what it does every ten minutes, which nothing here causes."""
        if time.monotonic() - self._swept_since > _SWEEP_LIVES_S:
            self._swept_since = time.monotonic()
            self._renew(next(part for part in self._running if part.name.startswith("sweep")))

    def kill(self, pid: int) -> None:
        """Kill the process of that id, if it is still there."""
        for part in self._running:
            if part.running and part.pid == pid:
                part.kill()

    def until(self, what: str, look: Callable[[], Found], patience_s: float | None = None) -> Found:
        """Look again and again until there is a result, and start again meanwhile what dies."""
        patience_s = patience_s or self.patience_s
        deadline = time.monotonic() + patience_s
        while not (found := look()):
            if time.monotonic() > deadline:
                raise StuckError(f"{what} did not come within {patience_s:g} s")
            time.sleep(_LOOK_EVERY_S)
            self.tend()
        return found

    def deliver(self, event: dict[str, Any]) -> None:
        """Deliver an event until it is accepted, as Stripe does."""

        def accepted() -> bool:
            try:
                return self.pressroom.send(event).status_code == 200
            except httpx2.TransportError:
                return False

        self.until("a 200 for the event", accepted)

    def command(self, *args: str) -> commands.Done:
        """Give a command, and once more if it died."""
        env = {**outer_environment(), **self.pressroom.stack.env, **self.pressroom.env}
        done = commands.run(env, self.pressroom.program, *args)
        return self.command(*args) if done.code == DIED else done

    def _start(self, *command: str) -> Part:
        port = ("--port", str(self._port)) if command[0] == "web" else ()
        with _starting:
            part = self.pressroom.start(*command, *port, wait=False)
        part.start_within_s = PATIENCE_S
        self._running.append(part)
        return part

    def _renew(self, part: Part) -> None:
        part.terminate(within_s=15)
        self._again(part)
        self.until(f"{part.name} anew", partial(ready_line, part))

    def _again(self, part: Part) -> None:
        with _starting:
            part.launch()
