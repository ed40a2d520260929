"""The web application: its routes, and the clients that live as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.routing import Route

from actors.deps import Deps
from actors.opening import open_deps
from handlers.web.downloads import download_report
from handlers.web.health import livez, readyz
from handlers.web.order_status import order_json
from handlers.web.shop import checkout, home, product_page
from handlers.web.stripe_webhook import stripe_webhook
from infra.settings import Settings

#: Stripe's events are a few KiB; nothing that we are sent is larger than this.
_MAX_BODY = 256 * 1024
#: The driver's own bound on each operation, below the handlers' deadlines.
_DATABASE_TIMEOUT_S = 2.0


class WebState(TypedDict):
    """What every request finds in `request.state`."""

    deps: Deps


def create_app(settings: Settings) -> Starlette:
    """Return the application; it opens its clients when it starts, on the loop that serves."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[WebState]:
        deps = open_deps(settings, database_timeout_s=_DATABASE_TIMEOUT_S)
        yield {"deps": deps}
        await deps.db.close()

    app = Starlette(
        routes=[
            Route("/webhooks/stripe", stripe_webhook, methods=["POST"]),
            Route("/", home),
            Route("/products/{product}", product_page),
            Route("/checkout", checkout, methods=["POST"]),
            Route("/orders/{token}.json", order_json),
            Route("/orders/{token}/reports/{product}.pdf", download_report),
            Route("/livez", livez),
            Route("/readyz", readyz),
        ],
        lifespan=lifespan,
        max_body_size=_MAX_BODY,
    )
    # A redirect would count as a failure with Stripe.
    app.router.redirect_slashes = False
    return app
