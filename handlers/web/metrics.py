"""GET /metrics: the state of the installation, and the figures of this web process, for Prometheus."""

import hmac
from functools import partial

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.registry import REGISTRY
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actors.deps.process import Deps
from actors.deps.recent import Recent
from handlers.views.status import StatusView, status
from handlers.web.gauges import Gauges

_HERE = ("127.0.0.1", "::1")
#: Proxies add one of these.
_PASSED_ON = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
#: The age up to which a look at the installation is shared by all who ask.
FRESH_S = 5.0


async def metrics(request: Request) -> Response:
    """Show the metrics to who has the token, or asks on this machine where none is set. 401 for all others.

    Servers that do not answer leave their part out, and `pressroom_part_known` says so.
    """
    deps: Deps = request.state.deps
    tokens = deps.settings.metrics_tokens
    if not (_is_known(request.headers.get("authorization", ""), tokens) if tokens else _is_here(request)):
        return PlainTextResponse("A token is needed.\n", 401, headers={"WWW-Authenticate": "Bearer"})
    scraped: Recent[StatusView] = request.state.scraped
    whole = CollectorRegistry(auto_describe=False)
    whole.register(Gauges(await scraped.get(deps.clock, partial(status, deps))))
    text = generate_latest(whole) + generate_latest(REGISTRY)
    return Response(text, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def _is_here(request: Request) -> bool:
    """Return whether a request is of this machine's own, and not one that a proxy on it passes on."""
    host = request.client.host if request.client else ""
    return host in _HERE and not any(name in request.headers for name in _PASSED_ON)


def _is_known(given: str, tokens: tuple[str, ...]) -> bool:
    """Return whether a header has one of the tokens. How long it takes says nothing about them."""
    header = given.encode("latin-1")  # as which Starlette reads the bytes of a header
    return any(hmac.compare_digest(header, f"Bearer {token}".encode()) for token in tokens)
