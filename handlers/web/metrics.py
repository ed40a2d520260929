"""GET /metrics: the state of the installation, and the figures of this web process, for Prometheus."""

import asyncio
import hmac

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.registry import REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actors.deps.process import Deps
from handlers.views.status import StatusView, status
from handlers.web.gauges import Gauges

_HERE = ("127.0.0.1", "::1")
#: Proxies add one of these.
_PASSED_ON = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
#: The age up to which a look at the installation is shared by all who ask.
_FRESH_S = 5.0


class Scrapes:
    """Looks at the installation, each shared by the scrapes of the next seconds."""

    def __init__(self, deps: Deps) -> None:
        """Look at nothing yet."""
        self._deps = deps
        self._looking: asyncio.Task[StatusView] | None = None
        self._looked_at = 0.0

    async def status(self) -> StatusView:
        """Return the status, at most five seconds old."""
        now = self._deps.clock.monotonic()
        if self._looking is None or now - self._looked_at > _FRESH_S:
            self._looked_at, self._looking = now, asyncio.create_task(status(self._deps))
        return await asyncio.shield(self._looking)


async def metrics(request: Request) -> Response:
    """Show the metrics to who has the token, or asks on this machine where none is set. 401 for all others.

    Servers that do not answer leave their part out, and `pressroom_part_known` says so.
    """
    deps: Deps = request.state.deps
    tokens = deps.settings.metrics_tokens
    if not (_is_known(request.headers.get("authorization", ""), tokens) if tokens else _is_here(request)):
        return PlainTextResponse("A token is needed.\n", 401, headers={"WWW-Authenticate": "Bearer"})
    scrapes: Scrapes = request.state.scrapes
    whole = CollectorRegistry(auto_describe=False)
    whole.register(Gauges(await scrapes.status()))
    text = generate_latest(whole) + generate_latest(REGISTRY)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _is_here(request: Request) -> bool:
    """Return whether a request is of this machine's own, and not one that a proxy on it passes on."""
    host = request.client.host if request.client else ""
    return host in _HERE and not any(name in request.headers for name in _PASSED_ON)


def _is_known(given: str, tokens: tuple[str, ...]) -> bool:
    """Return whether a header has one of the tokens. How long it takes says nothing about them."""
    header = given.encode()
    return any(hmac.compare_digest(header, f"Bearer {token}".encode()) for token in tokens)
