"""Front door, as the web process sees it: how long Stripe waited, and how many requests were refused."""

import asyncio
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from actors.deps.process import Deps
from handlers.webhook.endpoint import CLIENT_IS_GONE
from infra.errors import PressroomError
from infra.logs import log
from infra.metrics import WEBHOOK_S
from storage.tallies import add_refused

#: How often refused requests are written down: a flood of them is one write.
_EVERY_S = 5.0
_OUTCOMES = {200: "taken", 503: "put_off", CLIENT_IS_GONE: "gone"}
_BY_STATUS = {status: WEBHOOK_S.labels(outcome) for status, outcome in _OUTCOMES.items()}
_REFUSED = WEBHOOK_S.labels("refused")


class FrontDoor:
    """Counter of the requests that were refused, until they are written down."""

    def __init__(self) -> None:
        """Begin with none."""
        self._refused = 0

    def note(self, status: int, seconds: float) -> None:
        """Count one answer."""
        outcome = _BY_STATUS.get(status, _REFUSED)
        outcome.observe(seconds)
        self._refused += outcome is _REFUSED

    async def write_down(self, deps: Deps) -> None:
        """Add the refused requests to the tally of the hour. They are kept for the next time if that fails."""
        refused, self._refused = self._refused, 0
        if not refused:
            return
        try:
            await add_refused(deps.db, refused, deps.clock.now())
        except PressroomError as error:
            self._refused += refused
            log.warning("refused_not_counted", error=str(error))

    async def write_for_ever(self, deps: Deps) -> None:
        """Write down the refused requests, every five seconds."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await self.write_down(deps)


class Watched:
    """Middleware of the webhook's route: the front door notes each answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Lead to `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        began, door = perf_counter(), scope["state"]["front_door"]

        async def send_noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                door.note(message["status"], perf_counter() - began)
            await send(message)

        await self._app(scope, receive, send_noted)
