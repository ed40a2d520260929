"""The scene: a whole system of many processes, the servers that it needs, and the hands that break both."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from actors.products.catalogue import MAIL_QUEUE
from infra.local.part import Part, begin_process
from infra.local.ports import HOST
from infra.local.stack import Stack
from tests.audit.auditor import Auditor
from tests.audit.leftovers import left_messages
from tests.audit.world import Accident
from tests.chaos.proxy import Proxy
from tests.chaos.pulse import Pulse
from tests.chaos.resumption import Held, Resumption, calls_of
from tests.families import family
from tests.faults.primary import Primary
from tests.hook import Hook
from tests.infra.deploy.starts import Start, begin, starts_of
from tests.ports import free_ports
from tests.pressroom import PATIENCE_S, Pressroom

#: Where the servers are that a proxy stands before, by the settings.
_ADDRESSES = {"redis": "REDIS_URL", "s3": "AWS_ENDPOINT_URL_S3", "mail": "MAIL_URL", "llm": "OPENAI_BASE_URL"}
#: Settings without those of a file: who is told to end has five seconds, which cut some calls.
BRISK = {"GRACE_S": "5", "LLM_TIMEOUT_S": "15"}
#: The time after an outage in which what it held up may still be on its way to a record.
_COOLING_S = 10.0


@dataclass
class Scene:
    """All of it, and a record of what was done to it. Its methods may be called by several threads."""

    stack: Stack
    pressroom: Pressroom
    auditor: Auditor
    proxies: dict[str, Proxy]
    resumption: Resumption
    primary: Primary | None
    #: Those that were bought.
    orders: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)
    #: Processes that did not end by themselves, or not with 0, though they were told to.
    unorderly: int = 0
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    #: When an outage began that keeps answers from their records. None without one.
    _held_up_since: float | None = None
    _until: float = 0.0

    def kill(self, part: Part, *, for_good: bool = False) -> None:
        """End a process with SIGKILL, and start it again, unless it is for good."""
        with self._lock(part):
            if not part.running:
                part.launch()
                return
            with self.resumption.of(part.pid) as held:
                self.auditor.started |= family(part.pid)
                began = time.time()
                part.kill()
            self._note_accident(part, began, held())
            self.kills[part.name] += 1
            if not for_good:
                part.launch()

    def freeze(self, part: Part, seconds: float) -> None:
        """Stop a process for longer than its claims last, and let it wake up as if nothing had been."""
        with self._lock(part):
            if not part.running:
                return
            worker = self.resumption.worker(part.pid)
            began = time.time()
            os.kill(part.pid, signal.SIGSTOP)
            held = self.resumption.claims(worker)
            time.sleep(seconds)
            os.kill(part.pid, signal.SIGCONT)
            self._note_accident(part, began, held)

    def replace(self, part: Part) -> None:
        """Tell a process to end, as a deploy does, and start another in its place."""
        with self._lock(part):
            if not part.running or part.ready_line is None:
                return  # one that has hardly begun has nothing to bring to its end
            self._end(part)
            part.launch()

    def go_over(self, part: Part, version: Path) -> None:
        """Replace a process by one of the version in a folder, and return when that is ready."""
        with self._lock(part):
            part.start()  # it may have been killed just now
            self._end(part)
            part.env, part.folder, part.begin = {**part.env, "PYTHONPATH": str(version)}, version, begin_process
            part.start()

    @contextmanager
    def unheard(self) -> Iterator[None]:
        """Record that the answers to letters in the air may be lost meanwhile."""
        began = time.time()
        try:
            yield
        finally:
            self.auditor.accidents.append(Accident(MAIL_QUEUE, began, time.time()))

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Record that answers may be kept from their records meanwhile."""
        self._held_up_since, self._until = time.time(), float("inf")
        try:
            yield
        finally:
            self._until = time.time() + _COOLING_S

    def undelivered(self) -> int:
        """Return how many of the orders are neither delivered nor an operator's."""
        ends = [{"delivered_at": {"$ne": None}}, {"attention": {"$ne": None}}]
        over = {"_id": {"$in": self.orders}, "$or": ends}
        return len(self.orders) - self.pressroom.db.orders.count_documents(over)

    def until_quiet(self, patience_s: float) -> None:
        """Return once each order is over, each alert told, and no message left; or after so many seconds."""
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and not self._is_quiet():
            time.sleep(0.25)

    def _is_quiet(self) -> bool:
        untold = {"state": "new", "heard": {"$exists": False}}
        return not (
            self.undelivered()
            or self.pressroom.db.alerts.count_documents(untold)
            or any(left_messages(self.pressroom.redis))
        )

    def _end(self, part: Part) -> None:
        """Tell a process to end, and wait until it has."""
        with self.resumption.of_leaving(part.pid) as held:
            self.auditor.started |= family(part.pid)
            part.ask_to_stop()
        grace_s = float(part.env["GRACE_S"])
        cut_at = time.time() + grace_s
        part.wait_stopped(grace_s + 5)
        # Calls that take longer than the grace are cut, letters are not.
        cut = time.time() >= cut_at and MAIL_QUEUE not in part.command
        self.unorderly += part.exit_code != 0
        if part.exit_code != 0 or cut:
            # One that it had hardly claimed may have begun its call since, under the claim's next epoch.
            self._note_accident(part, min(cut_at, time.time()), held, later=1)

    def _note_accident(self, part: Part, began: float, held: Held | None, later: int = 0) -> None:
        """Record that a worker died or stood still from then on. An outage before it held up what it had.

        `held` are its claims, if they are known, which may have gone on by so many epochs.
        """
        product = part.command[-1] if "worker" in part.command else ""
        since = self._held_up_since if self._held_up_since and time.time() < self._until else began
        if product:
            calls = None if held is None else calls_of(held) | calls_of(held, later)
            self.auditor.accidents.append(Accident(product, min(since, began), time.time(), calls))

    def _lock(self, part: Part) -> threading.Lock:
        return self._locks.setdefault(part.name, threading.Lock())


class Numbers(NamedTuple):
    """Numbers of web processes, of workers for each queue, and of sweeps."""

    webs: int
    workers: int
    sweeps: int


def several(stack: Stack, queues: Sequence[str], numbers: Numbers, **env: str) -> list[Start]:
    """Return so many doors, workers for each queue and sweeps to start, each with a port for its metrics."""
    doors = [stack.web_port, *free_ports(numbers.webs - 1)]
    words: list[tuple[str, ...]] = [("web", "--port", str(port)) for port in doors]
    words += [("sweep",)] * numbers.sweeps
    words += [("worker", queue) for queue in queues for _ in range(numbers.workers)]
    ports = map(str, free_ports(len(words)))
    return [Start(one, {**env, "METRICS_PORT": port}) for one, port in zip(words, ports, strict=True)]


def deployed(file: str, stack: Stack, queues: Sequence[str]) -> list[Start]:
    """Return what a file of infra/deploy starts, with two workers for each of these queues.

    The limits of the provider are those of the stack's account.
    """
    limits = {name: stack.env[name] for name in ("LLM_REQUESTS_PER_MINUTE", "LLM_TOKENS_PER_MINUTE")}
    starts = [one._replace(env={**one.env, **limits}) for one in starts_of(file, stack, queues)]
    return [*starts, *(one for one in starts if one.kind == "worker")]


@contextmanager
def staged(stack: Stack, starts: Sequence[Start], *, can_fail: bool = True) -> Iterator[Scene]:
    """Set the scene: processes, a balancer before their doors, and proxies before servers if they can fail."""
    with ExitStack() as held:
        proxies: dict[str, Proxy] = {}
        env = {}
        for name, setting in _ADDRESSES.items() if can_fail else ():
            port = urlsplit(stack.env[setting]).port or 0
            proxies[name] = held.enter_context(Proxy(port))
            env[setting] = stack.env[setting].replace(f":{port}", f":{proxies[name].port}")
        doors = [int(one.words[one.words.index("--port") + 1]) for one in starts if one.kind == "web"]
        balancer = f"http://{HOST}:{held.enter_context(Proxy(*doors)).port}"
        held.callback(stack.stripe.set_endpoints, {})
        stack.stripe.set_endpoints({"url": f"{balancer}/webhooks/stripe"})
        hook = held.enter_context(Hook())
        pressroom = held.enter_context(Pressroom(stack, ALERT_WEBHOOK_URL=hook.url, PUBLIC_URL=balancer, **env))
        _start(pressroom, starts)
        resumption = held.enter_context(Resumption(pressroom))
        has_set = stack.env["MONGODB_URL"].count(",") > 0
        primary = held.enter_context(closing(Primary(stack))) if has_set else None
        auditor = Auditor(pressroom, hook.posts)
        held.enter_context(Pulse(pressroom, resumption, auditor.accidents))
        yield Scene(stack, pressroom, auditor, proxies, resumption, primary)


def _start(pressroom: Pressroom, starts: Sequence[Start]) -> None:
    """Start the first door alone, which builds the indexes, then all others."""
    first, *others = sorted(starts, key=lambda one: one.kind != "web")
    begin(pressroom, first).wait_ready()
    for part in [begin(pressroom, one) for one in others]:
        part.start_within_s = PATIENCE_S
        part.wait_ready()
