"""Live parts of pages: a stream of server-sent events, one whenever the order behind a page has changed."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from infra.errors import PressroomError, TransientError
from infra.logs import log
from storage.changes import follow_changes
from storage.database import Database

#: The shortest time from a look to the next: an order may change many times in a second.
_PAUSE_S = 1.0
#: The longest silence, so that a proxy does not take the stream for dead.
_SILENCE_S = 15.0
#: The longest time from a look to the next: news may be missed, and some things change with time alone.
_LOOK_S = 60.0
#: Looks at the same time. After a restart all browsers come back at once, and MongoDB is not to be asked for all.
_LOOKS_AT_ONCE = 8
#: After so long the browser asks anew, by itself, and is asked who it is again.
_LASTS_S = 600.0
#: The pause after MongoDB could not be followed.
_AGAIN_S = 5.0
_STREAM = "text/event-stream"


class News:
    """News of orders, for all who wait for some: one watch of MongoDB a process, while anybody does."""

    def __init__(self, db: Database, is_ending: Callable[[], bool]) -> None:
        """Watch nothing yet. `is_ending` tells whether the server has been told to end, so that streams do."""
        self._db = db
        self.is_ending = is_ending
        #: Held by who looks at an order.
        self.turns = asyncio.Semaphore(_LOOKS_AT_ONCE)
        self._readers: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._watches: list[asyncio.Task[None]] = []

    @contextmanager
    def of(self, order: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever the order has changed, and once the server is told to end."""
        changed = asyncio.Event()
        self._readers[order].add(changed)
        if not self._watches:
            self._watches = [asyncio.create_task(self._follow_for_ever()), asyncio.create_task(self._await_end())]
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
        for watch in self._watches:
            watch.cancel()
        self._watches = []

    async def _follow_for_ever(self) -> None:
        while True:
            try:
                await follow_changes(self._db, self._tell)
            except PressroomError as error:
                log.warning("changes_not_followed", why=str(error))
            await asyncio.sleep(_AGAIN_S)

    async def _await_end(self) -> None:
        while not self.is_ending():  # noqa: ASYNC110  # the server has a flag, and no event
            await asyncio.sleep(_PAUSE_S)
        for order in self._readers:
            self._tell(order)

    def _tell(self, order: str) -> None:
        for changed in self._readers.get(order, ()):
            changed.set()


def live(request: Request, order: str, show: Callable[[], Awaitable[str]]) -> Response:
    """Return a stream of what `show` returns: now, and whenever it is other than before.

    A browser that comes back with the id of what it has (`Last-Event-ID`) gets only what is new to it. HEAD is
    answered without a stream, which would hold its connection.
    """
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store, no-transform"}
    if request.method == "HEAD":
        return Response(headers=headers, media_type=_STREAM)
    return StreamingResponse(_events(request, order, show), headers=headers, media_type=_STREAM)


async def _events(request: Request, order: str, show: Callable[[], Awaitable[str]]) -> AsyncIterator[str]:
    news: News = request.state.news
    shown, clock = request.headers.get("last-event-id", ""), asyncio.get_running_loop()
    ends_at, look_at = clock.time() + _LASTS_S, clock.time()
    with news.of(order) as changed:
        while clock.time() < ends_at and not news.is_ending():
            text = ""
            if changed.is_set() or clock.time() >= look_at:
                changed.clear()
                look_at = clock.time() + _LOOK_S
                try:
                    async with news.turns:
                        text = await show()
                except HTTPException:  # the order is there no more, or its link has ended
                    return
                except (TransientError, TimeoutError):  # MongoDB is away: what is shown stays until it is back
                    look_at = clock.time() + _AGAIN_S
            yield _event(text, shown)
            shown = _id_of(text) if text else shown
            await asyncio.sleep(_PAUSE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), max(0.0, min(_SILENCE_S, look_at - clock.time())))


def _event(text: str, shown: str) -> str:
    """Return the event of a text, or a comment if there is none, or it is shown already."""
    if not text or _id_of(text) == shown:
        return ": nothing new\n\n"
    lines = "".join(f"data: {line}\n" for line in text.splitlines())
    return f"id: {_id_of(text)}\n{lines}\n"


def _id_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
