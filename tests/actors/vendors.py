"""Vendors in the test's hands: one that must not be called, a typesetter, and three kinds of Stripe."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from actors.deps.worker import Call
from infra.book import BookSource, ChapterSource, Style
from infra.errors import TransientError
from infra.llm.answer import Request
from infra.mail.letter import Letter
from infra.pdf import Book, Chunk


class Nobody:
    """Vendor that must not be called."""

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Fail."""
        raise AssertionError(letter)

    async def reserve(self, request: Request, *, priority: int = 0) -> Call:
        """Fail."""
        raise AssertionError(request)

    async def run(self, limit_s: float, work: Callable[[Any], Any], given: Any, /) -> Any:
        """Fail."""
        raise AssertionError(limit_s, work, given)

    async def session(self, session_id: str) -> dict[str, Any]:
        """Fail."""
        raise AssertionError(session_id)

    async def refund(self, intent: str) -> dict[str, Any]:
        """Fail."""
        raise AssertionError(intent)

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Fail."""
        raise AssertionError(source)

    async def assemble(self, book: BookSource, chunks: Any, out: Path) -> Book:
        """Fail."""
        raise AssertionError(book)


@dataclass
class Press:
    """Typesetter that keeps the anchors of the chapters it set, and binds by writing chunks one after another."""

    set: list[str] = field(default_factory=list)
    bound: bytes = b""

    async def render_chapter(self, source: ChapterSource, style: Style) -> Chunk:
        """Set two pages that bear the chapter's anchor."""
        del style
        self.set.append(source.anchor)
        return Chunk(f"{source.anchor}\n".encode(), 2)

    async def assemble(self, book: BookSource, chunks: Sequence[Path], out: Path) -> Book:
        """Bind them."""
        del book
        self.bound = b"".join(chunk.read_bytes() for chunk in chunks)
        await asyncio.to_thread(out.write_bytes, self.bound)
        return Book(out, 2 * len(chunks), len(self.bound), "5ha")


class StripeApi:
    """Stripe that shows one session and counts the requests for it."""

    def __init__(self, shown: dict[str, Any]) -> None:
        """Show that session."""
        self.shown, self.asked = shown, 0

    async def session(self, session_id: str) -> dict[str, Any]:
        """Show the session."""
        self.asked += 1
        return {**self.shown, "id": session_id}


class Till:
    """Stripe that gives 19 dollars back each time, unless it has an error to raise."""

    def __init__(self) -> None:
        """Begin with no refunds."""
        self.refunds = 0
        self.trouble: Exception | None = None

    async def refund(self, intent: str) -> dict[str, Any]:
        """Give the money back."""
        assert intent.startswith("pi_")
        if self.trouble:
            raise self.trouble
        self.refunds += 1
        return {"amount": 1900, "amount_refunded": 1900}


class Silence:
    """Stripe that does not answer."""

    def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[dict[str, Any]]:
        """Fail."""
        raise TransientError(f"{kinds} {since}")

    def complete_sessions(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Fail."""
        raise TransientError(str(since))

    async def charge(self, intent: str) -> dict[str, Any]:
        """Fail."""
        raise TransientError(intent)
