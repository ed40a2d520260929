"""Headers of all answers: what a browser may load, frame, send, keep and tell others."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from infra.settings import Settings

#: Our own inline style and pictures may load on a page, and nothing else.
_LOAD = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)
#: The order's page is kept up to date by our own script, and a report's place kept by another.
_LOAD_FOR_ORDERS = f"{_LOAD}; script-src 'self'; connect-src 'self'"
#: On the operators' pages our own files may load, and be asked for news.
_LOAD_FOR_OPERATORS = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: A year, as is usual. Not for other names below ours, which are not ours to promise for.
_HTTPS_ONLY = "max-age=31536000"


class Headers:
    """Adds the headers to every answer of an application, whatever part of it answers."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Answer by `app`. Browsers keep to HTTPS if PUBLIC_URL has it."""
        self._app = app
        base = settings.stripe_api_base
        # A form's target counts through redirects: Stripe's page, which may have a domain of the seller's own.
        self._till = f"https: {_origin(base)}" if base else "https:"
        self._fixed = {"Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
        if settings.public_url.startswith("https:"):
            self._fixed["Strict-Transport-Security"] = _HTTPS_ONLY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(dict(self._headers(scope["path"])))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _headers(self, path: str) -> Iterator[tuple[str, str]]:
        yield from self._fixed.items()
        targets = f"'self' {self._till}" if path.startswith(("/review", "/checkout")) else "'self'"
        loads = {"/ops/": _LOAD_FOR_OPERATORS, "/orders/": _LOAD_FOR_ORDERS, "/gifts/": _LOAD_FOR_ORDERS}
        load = next((load for start, load in loads.items() if path.startswith(start)), _LOAD)
        yield "Content-Security-Policy", f"{load}; form-action {targets}"
        # What belongs to an order, or was typed into a form, stays in no cache and no search engine.
        if path.startswith(("/orders/", "/gifts/", "/checkout", "/review", "/ops/")):
            yield "Cache-Control", "no-store"
            yield "X-Robots-Tag", "noindex, nofollow"
        # Pages are in the browser's language, if they are spoken in it.
        if path == "/" or path.startswith("/products/"):
            yield "Vary", "Accept-Language"
        # Under `no-referrer` browsers keep the origin of a form to themselves, even from the page's own server.
        if path.startswith("/ops/"):
            yield "Referrer-Policy", "same-origin"


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
