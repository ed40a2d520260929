"""Dependencies of a worker beside those of every process. Its vendors are Protocols, which tests may fill."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from actors.deps.doubts import Doubts
from actors.deps.held import Claims
from actors.deps.mailing import MailDeps
from actors.deps.pulse import Pulse
from actors.deps.recent import RecentChunks, RecentOrders
from actors.deps.room import Room
from actors.deps.shared_lock import SharedLock
from actors.deps.successes import Successes
from infra.book import BookSource, ChapterSource, Style
from infra.llm.answer import Answer, Request
from infra.pdf import Book, Chunk
from infra.stripe.version import StripeObject

Given = TypeVar("Given")
Result = TypeVar("Result")


class Call(AbstractAsyncContextManager["Call"], Protocol):
    """Room for one request within the provider's limits, for the length of a `with` block."""

    async def write(self, entry: str) -> Answer:
        """Make the request once, under the ledger entry's id.

        Returns an answer that was paid for, or raises a typed failure.
        """


class Writer(Protocol):
    """The LLM."""

    async def reserve(self, request: Request, *, priority: int = 0) -> Call:
        """Wait until the limits have room for the request. The higher priority goes first."""


class Typesetter(Protocol):
    """Typesetter that sets chapters and binds books in child processes."""

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Set one chapter."""

    async def assemble(self, book: BookSource, chunks: Sequence[Path], out: Path) -> Book:
        """Join chapters into a book at `out`."""


class Children(Protocol):
    """Child processes for work that would block the loop."""

    async def run(self, limit_s: float, work: Callable[[Given], Result], given: Given, /) -> Result:
        """Return what `work` returns for `given`, in a child that is killed after `limit_s` seconds."""


class StripeApi(Protocol):
    """Stripe's API, as far as a worker calls it."""

    async def session(self, session_id: str) -> StripeObject:
        """Return a Checkout Session with its line items."""

    async def refund(self, intent: str) -> StripeObject:
        """Give back the rest of a payment. Returns its charge as it then stands."""


@dataclass(frozen=True)
class WorkDeps(MailDeps):
    """Dependencies of a worker. `stopping` is set when the worker was told to end.

    `letters` is the room for customers' mail, as `alerts` is for that of alerts: whatever the mail server does, a
    worker has hands left for what needs none.
    """

    worker: str
    llm: Writer
    typesetter: Typesetter
    children: Children
    stripe: StripeApi
    letters: Room = field(default_factory=partial(Room, 16))
    doubts: Doubts = field(default_factory=Doubts)
    claims: Claims = field(default_factory=Claims)
    pulse: Pulse = field(default_factory=Pulse)
    successes: Successes = field(default_factory=Successes)
    lock: SharedLock = field(default_factory=SharedLock)
    recent_orders: RecentOrders = field(default_factory=RecentOrders)
    recent_chunks: RecentChunks = field(default_factory=RecentChunks)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
