"""The scene: a whole system of many processes, the servers that it needs, and the hands that break both."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from actors.products.catalogue import MAIL_QUEUE
from infra.local.part import Part
from infra.local.stack import Stack
from tests.audit.auditor import Auditor
from tests.audit.leftovers import since_boot_s
from tests.audit.world import Accident
from tests.chaos.proxy import Proxy
from tests.chaos.pulse import Pulse
from tests.chaos.resumption import Resumption
from tests.faults.primary import Primary
from tests.hook import Hook
from tests.pressroom import PATIENCE_S, Pressroom

#: Seconds that a worker has to end, and a little more.
_GRACE_S = 5
#: Letters that a mail worker has in the air at most.
_LETTERS = 16
#: Where the servers are that a proxy stands before, by the settings.
_ADDRESSES = {"redis": "REDIS_URL", "s3": "AWS_ENDPOINT_URL_S3", "mail": "MAIL_URL", "llm": "OPENAI_BASE_URL"}
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
    kills: Counter[str] = field(default_factory=Counter)
    #: Processes that did not end by themselves, or not with 0, though they were told to.
    unorderly: int = 0
    _locks: dict[str, threading.Lock] = field(default_factory=dict)
    #: When an outage began that keeps answers from their records. None without one.
    _held_up_since: float | None = None
    _until: float = 0.0

    def kill(self, part: Part) -> None:
        """End a process with SIGKILL, and start it again."""
        with self._lock(part):
            if not part.running:
                part.launch()
                return
            with self.resumption.of(part.pid):
                part.kill()
                self.auditor.ended[part.pid] = since_boot_s()
            self._note_accident(part, time.time())
            self.kills[part.name] += 1
            part.launch()

    def freeze(self, part: Part, seconds: float) -> None:
        """Stop a process for longer than its claims last, and let it wake up as if nothing had been."""
        with self._lock(part):
            if not part.running:
                return
            began = time.time()
            os.kill(part.pid, signal.SIGSTOP)
            time.sleep(seconds)
            os.kill(part.pid, signal.SIGCONT)
            self._note_accident(part, began)

    def replace(self, part: Part) -> None:
        """Tell a process to end, as a deploy does, and start another in its place."""
        with self._lock(part):
            if not part.running or part.ready_line is None:
                return  # one that has hardly begun has nothing to bring to its end
            with self.resumption.of_messages(part.pid):
                part.ask_to_stop()
            cut_at = time.time() + _GRACE_S
            part.wait_stopped(_GRACE_S + 5)
            self.auditor.ended[part.pid] = since_boot_s()
            # Calls that take longer than the grace are cut, letters are not.
            cut = time.time() >= cut_at and MAIL_QUEUE not in part.command
            self.unorderly += part.exit_code != 0
            if part.exit_code != 0 or cut:
                self._note_accident(part, min(cut_at, time.time()))
            part.launch()

    def note_unheard(self) -> None:
        """Record that the answers to letters in the air are lost."""
        self.auditor.repeats += 2 * _LETTERS

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Record that answers may be kept from their records meanwhile."""
        self._held_up_since, self._until = time.time(), float("inf")
        try:
            yield
        finally:
            self._until = time.time() + _COOLING_S

    def _note_accident(self, part: Part, began: float) -> None:
        """Record that a worker died or stood still from then on. An outage before it held up what it had."""
        product = part.command[-1] if "worker" in part.command else ""
        since = self._held_up_since if self._held_up_since and time.time() < self._until else began
        if product == MAIL_QUEUE:
            self.auditor.repeats += _LETTERS
        elif product:
            self.auditor.accidents.append(Accident(product, min(since, began), time.time()))

    def _lock(self, part: Part) -> threading.Lock:
        return self._locks.setdefault(part.name, threading.Lock())


@contextmanager
def staged(stack: Stack, *, queues: Sequence[str], each: int) -> Iterator[Scene]:
    """Set the scene on a stack: web, and so many workers for each queue and so many sweeps."""
    with ExitStack() as held:
        proxies: dict[str, Proxy] = {}
        env = {"GRACE_S": str(_GRACE_S), "LLM_TIMEOUT_S": "15"}
        for name, setting in _ADDRESSES.items():
            port = urlsplit(stack.env[setting]).port or 0
            proxies[name] = held.enter_context(Proxy(port))
            env[setting] = stack.env[setting].replace(f":{port}", f":{proxies[name].port}")
        hook = held.enter_context(Hook())
        pressroom = held.enter_context(Pressroom(stack, ALERT_WEBHOOK_URL=hook.url, **env))
        pressroom.start("web")  # which builds the indexes
        several = [("sweep",), *(("worker", queue) for queue in queues)]
        for part in [pressroom.start(*command, wait=False) for command in several for _ in range(each)]:
            part.start_within_s = PATIENCE_S
            part.wait_ready()
        resumption = held.enter_context(Resumption(pressroom))
        has_set = stack.env["MONGODB_URL"].count(",") > 0
        primary = held.enter_context(closing(Primary(stack))) if has_set else None
        auditor = Auditor(pressroom, hook.posts)
        held.enter_context(Pulse(pressroom, auditor.accidents))
        yield Scene(stack, pressroom, auditor, proxies, resumption, primary)
