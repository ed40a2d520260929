"""The local stack: every outside service as a process on this machine, and Pressroom's own beside them."""

import fcntl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from infra.local.controls import InboxControls, LlmControls, StripeControls
from infra.local.environment import Services, keep_secrets, outer_environment, pressroom_environment
from infra.local.errors import PartError
from infra.local.mongod import mongodb_url
from infra.local.notice import put_up
from infra.local.part import STOP_WITHIN_S, Begin, Part, begin_process
from infra.local.ports import HOST, require_free, reserve_ports
from infra.local.reaper import Reaper
from infra.local.seaweedfs import INNER_PORTS, remove_sockets
from infra.local.servers import SCRIPTS, make_servers


class Stack:
    """Six services on free ports, with their data and logs below one folder.

    To be used as `with Stack(folder) as stack:`; on leaving, every process is gone, and also when this process is
    killed. Stored data is there again when a stack is started on the same folder, except Stripe's sessions.
    Meanwhile `read_notice` gives its settings to other processes.
    """

    def __init__(
        self,
        folder: Path = Path(".local"),
        *,
        latency_s: float = 0.2,
        web_port: int | None = None,
        mongods: int = 1,
        fail_points: bool = False,
        commands: Sequence[Sequence[str]] = (),
        begin: Begin = begin_process,
        tell: Callable[[int, int], None] = lambda _ready, _of: None,
    ) -> None:
        """Reserve ports, and start nothing yet.

        `latency_s` is an LLM answer's, `web_port` the port for Pressroom's web process (any, if None).

        MongoDB is a replica set of `mongods` members, the parts `mongodb`, `mongodb-2` and so on; with
        `fail_points` they can be told to fail: https://www.mongodb.com/docs/manual/reference/command/configureFailPoint/
        `commands` are those of Pressroom's own processes that start meanwhile: they wait for servers themselves,
        and are to be waited for afterwards, as `processes`. `begin` begins our own stubs. `tell` is called
        with the numbers of ready and of all services: first with 0, once no foreseeable obstacle is left.

        `env` will hold every setting that Pressroom's processes need, and nothing else; `parts` every part, in
        the order of its start.
        """
        self._folder = folder.resolve()
        self._latency_s, self._fail_points = latency_s, fail_points
        self._commands = commands
        self._begin = begin
        self._tell = tell
        services = len(Services._fields)
        self._mark, ports = reserve_ports(services + INNER_PORTS + mongods - 1)
        self.web_port = ports[services - 1] = web_port or ports[services - 1]
        self._ports, self._spare = Services(*ports[:services]), ports[services:]
        self.urls = Services(*(f"http://{HOST}:{port}" for port in self._ports))
        self.inbox = InboxControls(self.urls.inbox)
        self.llm = LlmControls(self.urls.llm)
        self.stripe = StripeControls(self.urls.stripe)
        self.env: dict[str, str] = {}
        self.parts: list[Part] = []
        self._services = 0
        self._reaper: Reaper
        self._held = ExitStack()

    @property
    def processes(self) -> list[Part]:
        """Return Pressroom's own processes, in the order of their start."""
        return self.parts[self._services :]

    def part(self, name: str) -> Part:
        """Return the part of this name; `PartError` if there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise PartError(f"the stack has no part {name}; it has {', '.join(part.name for part in self.parts)}")

    def __enter__(self) -> Self:
        """Start everything and return once all of it is ready. If a part fails, all are stopped again."""
        with ExitStack() as held:
            held.enter_context(self._mark)
            held.enter_context(_hold(self._folder))
            require_free("web", self.web_port)
            self._reaper = held.enter_context(closing(Reaper()))
            members = [self._ports.mongodb, *self._spare[INNER_PORTS:]]
            self.env = pressroom_environment(self._ports, self.urls, mongodb_url(members, "pressroom"))
            self.env |= keep_secrets(self._folder / "secrets.json")
            env = {**outer_environment(), **self.env}
            services = make_servers(
                self._folder,
                env,
                self._ports,
                self._spare,
                self._reaper,
                latency_s=self._latency_s,
                fail_points=self._fail_points,
                begin=self._begin,
            )
            self.parts, self._services = [*services], len(services)
            held.callback(remove_sockets, self._spare[:INNER_PORTS])
            held.callback(self._stop_parts, services)
            self._tell(0, len(services))
            for part in services:
                part.launch()
            for command in self._commands:
                self.pressroom(*command)
            for ready, part in enumerate(services, start=1):
                part.wait_ready()
                self._tell(ready, len(services))
            held.enter_context(put_up(self._folder, self.env))
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything, the latest first."""
        self._held.close()

    def check(self) -> None:
        """Raise `PartError`, which names it, if a part ended on its own."""
        for part in self.parts:
            part.check()

    def pressroom(
        self,
        *args: str,
        env: Mapping[str, str] | None = None,
        program: Sequence[str] = (str(SCRIPTS / "pressroom"),),
        begin: Begin = begin_process,
    ) -> Part:
        """Start `pressroom ARGS…`, or another `program`, as one more part; `wait_ready` must follow.

        `web` gets the stack's port if no `--port` is given. Its name is `web`, `worker-QUEUE` or `sweep`, with a
        number if that is taken. `env` lies over the stack's, and `begin` begins it.
        """
        if args[0] == "web" and "--port" not in args:
            args = (*args, "--port", str(self.web_port))
        name = "-".join(args[: 2 if args[0] == "worker" else 1])
        twins = sum(part.name.startswith(name) for part in self.parts)
        name = f"{name}-{twins + 1}" if twins else name
        part = Part(
            name,
            [*program, *args],
            env={**outer_environment(), **self.env, **(env or {})},
            folder=Path.cwd(),
            log=self._folder / "logs" / f"{name}.log",
            ready=lambda part: part.ready_line is not None,
            port=int(args[args.index("--port") + 1]) if "--port" in args else None,
            reaper=self._reaper,
            begin=begin,
        )
        part.launch()
        self.parts.append(part)
        return part

    def _stop_parts(self, services: list[Part]) -> None:
        """Stop Pressroom's processes, then the services, which have the rest of the time."""
        deadline = time.monotonic() + STOP_WITHIN_S
        for parts, reserved_s in ((self.processes, STOP_WITHIN_S / 2), (services, 0.0)):
            for part in reversed(parts):
                part.ask_to_stop()
            for part in reversed(parts):
                part.wait_stopped(max(0.0, deadline - reserved_s - time.monotonic()))


@contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Make the folder if need be; `PartError` if another process holds it, or nobody may write there.

    A process that ends lets go.
    """
    with _opened(folder / "lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PartError(f"another local stack runs on {folder}; stop it first") from error
        yield


def _opened(lock: Path) -> BinaryIO:
    try:
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return lock.open("ab")
    except OSError as error:
        raise PartError(f"no local stack can be kept in {lock.parent}: {error.strerror}") from error
