"""The local stack: every outside service as a process on this machine, and Pressroom's own beside them."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from infra.local.doors import InboxDoor, LlmDoor, StripeDoor
from infra.local.environment import Ports, outer_environment, pressroom_environment
from infra.local.errors import PartError
from infra.local.folder import Folder
from infra.local.part import STOP_WITHIN_S, Part
from infra.local.ports import HOST, free_ports, require_free
from infra.local.probes import says_ready
from infra.local.reaper import Reaper
from infra.local.secrets_file import load_secrets
from infra.local.servers import Servers
from infra.local.sigterm import SigtermExits

DEFAULT_FOLDER = Path(".local")

# What OpenAI grants its largest customers for a small model: not in the way unless a caller asks for less.
REQUESTS_PER_MINUTE = 30_000
TOKENS_PER_MINUTE = 180_000_000


@dataclass(frozen=True)
class Urls:
    """Where to look from outside: the inbox, the two stubs' control doors, and Pressroom itself."""

    inbox: str
    stripe: str
    llm: str
    web: str


class Stack:
    """Six services on free ports, with their data and logs below one folder.

    To be used as `with Stack(folder) as stack:`; on leaving, every process is gone, and also when this process is
    killed. While it is entered, SIGTERM leaves the `with` block in order, if nobody else handles it. What was
    stored is there again when a stack is started on the same folder, except S3's objects and Stripe's sessions.
    """

    def __init__(
        self,
        folder: Path = DEFAULT_FOLDER,
        *,
        latency_s: float = 0.2,
        web_port: int | None = None,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        tokens_per_minute: int = TOKENS_PER_MINUTE,
    ) -> None:
        """`latency_s` is an LLM answer's, `web_port` where Pressroom's web process will listen (any, if None)."""
        self._folder = Folder(folder)
        self._latency_s = latency_s
        self._web_port = web_port
        self._limits = {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
        self._reaper: Reaper | None = None
        self._services: list[Part] = []
        self._pressroom: list[Part] = []
        self._env: dict[str, str] = {}
        self._ports: Ports | None = None
        self._sigterm = SigtermExits()

    @property
    def env(self) -> dict[str, str]:
        """Every setting that Pressroom's processes need, and nothing else; a copy."""
        return dict(self._env)

    @property
    def urls(self) -> Urls:
        """Where to look from outside."""
        ports = self._listening
        return Urls(*(f"http://{HOST}:{port}" for port in (ports.inbox, ports.stripe, ports.llm, ports.web)))

    @property
    def inbox(self) -> InboxDoor:
        """The inbox, to read and to disturb."""
        return InboxDoor(self.urls.inbox)

    @property
    def llm(self) -> LlmDoor:
        """The LLM stub's control door."""
        return LlmDoor(self.urls.llm)

    @property
    def stripe(self) -> StripeDoor:
        """The Stripe stub's hosted page and control door."""
        return StripeDoor(self.urls.stripe)

    @property
    def web_port(self) -> int:
        """Where Pressroom's web process is expected: Stripe's webhooks go there."""
        return self._listening.web

    @property
    def parts(self) -> list[Part]:
        """Every part, in the order of its start."""
        return [*self._services, *self._pressroom]

    def part(self, name: str) -> Part:
        """The part of this name; `PartError` if there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise PartError(f"the stack has no part {name}; it has {', '.join(part.name for part in self.parts)}")

    def start(self) -> None:
        """Start everything and return once all of it is ready. If a part fails, all are stopped again."""
        self._folder.take()
        try:
            self._prepare()
            for part in self._services:
                part.launch()
            for part in self._services:
                part.wait_ready()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Raise `PartDied`, which names it, if a part ended on its own."""
        for part in self.parts:
            part.check()

    def pressroom(
        self, *args: str, name: str | None = None, env: Mapping[str, str] | None = None, wait: bool = True
    ) -> Part:
        """Start `pressroom ARGS…` as one more part and return it once it is ready.

        `web` gets the stack's port if no `--port` is given. Its name is `web`, `worker-QUEUE` or `sweep` unless
        given, with a number if that is taken. `env` lies over the stack's. Without `wait` it is returned at
        once, and `wait_ready` must follow.
        """
        if args[:1] == ("web",) and "--port" not in args:
            args = (*args, "--port", str(self.web_port))
        name = self._free_name(name or "-".join(args[: 2 if args[0] == "worker" else 1]))
        part = Part(
            name,
            [str(Path(sys.executable).parent / "pressroom"), *args],
            env={**outer_environment(), **self._env, **(env or {})},
            folder=Path.cwd(),
            log=self._folder.path / "logs" / f"{name}.log",
            ready=says_ready,
            port=int(args[args.index("--port") + 1]) if "--port" in args else None,
            reaper=self._reaper,
        )
        part.launch()
        self._pressroom.append(part)
        if wait:
            self._wait_for(part)
        return part

    def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Stop everything: Pressroom's processes, then the services, each in the reverse order of their start.

        Pressroom's have half of `within_s`, the services what is left of it; what is not gone then is killed.
        Does nothing the second time.
        """
        began = time.monotonic()
        try:
            _stop(self._pressroom, began + within_s / 2)
            _stop(self._services, began + within_s)
        finally:
            if self._reaper is not None:
                self._reaper.close()
            self._folder.give_back()

    def __enter__(self) -> Self:
        self._sigterm.install()
        try:
            self.start()
        except BaseException:
            self._sigterm.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._sigterm.remove()

    @property
    def _listening(self) -> Ports:
        if self._ports is None:
            raise PartError("the local stack has not been started")
        return self._ports

    def _prepare(self) -> None:
        """Choose the ports, read the secrets, and make the parts."""
        self._ports = _choose_ports(self._web_port)
        secrets = load_secrets(self._folder.path / "secrets.json")
        self._env = pressroom_environment(self._ports, secrets, **self._limits)
        self._reaper = Reaper()
        env = {**outer_environment(), **self._env}
        servers = Servers(self._folder.path, env, self._ports, self._reaper)
        self._services = servers.all(latency_s=self._latency_s, **self._limits)
        self._pressroom = []

    def _wait_for(self, part: Part) -> None:
        try:
            part.wait_ready()
        except PartError:
            # It has been killed; the next try may have its name.
            self._pressroom.remove(part)
            raise

    def _free_name(self, wanted: str) -> str:
        taken = {part.name for part in self.parts}
        names = (wanted if number == 1 else f"{wanted}-{number}" for number in count(1))
        return next(name for name in names if name not in taken)


def _choose_ports(wanted_web: int | None) -> Ports:
    mongodb, redis, s3, smtp, inbox, llm, stripe, web = free_ports(8)
    if wanted_web is not None:
        require_free("web", wanted_web)
        web = wanted_web
    return Ports(mongodb, redis, s3, smtp, inbox, llm, stripe, web)


def _stop(parts: list[Part], deadline: float) -> None:
    """Ask all at once, the last one first, and wait for them together."""
    for part in reversed(parts):
        part.ask_to_stop()
    for part in reversed(parts):
        part.wait_stopped(max(0.0, deadline - time.monotonic()))
