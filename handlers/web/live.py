"""Live parts of pages: a stream of server-sent events, one whenever the order behind a page has changed."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from infra.errors import PressroomError, TransientError
from storage.changes import follow_changes
from storage.database import Database

log = structlog.get_logger()

#: The shortest time from a look to the next: an order may change many times in a second.
_PAUSE_S = 1.0
#: The longest, so that a proxy does not take the stream for dead, and what only time changes shows.
_SILENCE_S = 15.0
#: After so long the browser asks anew, by itself, and is asked who it is again.
_LASTS_S = 600.0
#: The pause after MongoDB could not be followed.
_AGAIN_S = 5.0


class News:
    """News of orders, for all who wait for some: one watch of MongoDB a process, while anybody does."""

    def __init__(self, db: Database) -> None:
        """Watch nothing yet."""
        self._db = db
        self._readers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._watch: asyncio.Task[None] | None = None

    @contextmanager
    def of(self, order: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever the order has changed."""
        changed = asyncio.Event()
        self._readers[order].add(changed)
        if self._watch is None:
            self._watch = asyncio.create_task(self._follow_for_ever())
        try:
            yield changed
        finally:
            self._readers[order].discard(changed)
            if not self._readers[order]:
                del self._readers[order]
            if not self._readers:
                self.close()

    def close(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _follow_for_ever(self) -> None:
        while True:
            try:
                await follow_changes(self._db, self._tell)
            except PressroomError as error:
                log.warning("changes_not_followed", why=str(error))
            await asyncio.sleep(_AGAIN_S)

    def _tell(self, order: str) -> None:
        for changed in self._readers.get(order, ()):
            changed.set()


def live(request: Request, order: str, show: Callable[[], Awaitable[str]]) -> Response:
    """Return a stream of what `show` returns: now, and whenever it is other than before.

    A browser that comes back with the id of what it has (`Last-Event-ID`) gets only what is new to it.
    """
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}
    return StreamingResponse(_events(request, order, show), headers=headers, media_type="text/event-stream")


async def _events(request: Request, order: str, show: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    news: News = request.state.news
    is_ending: Callable[[], bool] = request.state.is_ending
    shown, clock = request.headers.get("last-event-id", ""), asyncio.get_running_loop()
    ends_at = clock.time() + _LASTS_S
    with news.of(order) as changed:
        while clock.time() < ends_at and not is_ending():
            changed.clear()
            try:
                text = await show()
            except HTTPException:  # the order is there no more, or its link has ended
                return
            except (TransientError, TimeoutError):  # MongoDB is away: what is shown stays until it is back
                text = ""
            if text:
                yield _event(text, shown)
                shown = _id_of(text)
            await asyncio.sleep(_PAUSE_S)
            await _next(changed, is_ending)


async def _next(changed: asyncio.Event, is_ending: Callable[[], bool]) -> None:
    """Wait for news, for some seconds at most, or until the server is told to end."""
    for _ in range(int(_SILENCE_S / _PAUSE_S)):
        with suppress(TimeoutError):
            await asyncio.wait_for(changed.wait(), _PAUSE_S)
        if changed.is_set() or is_ending():
            return


def _event(text: str, shown: str) -> str:
    """Return the event of a text, or a comment if it is shown already."""
    if _id_of(text) == shown:
        return ": nothing new\n\n"
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"id: {_id_of(text)}\n{lines}\n"


def _id_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
