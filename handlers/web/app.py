"""Web application: its routes, and the clients that live as long as it does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.deps.process import Deps
from actors.deps.startup import open_deps
from handlers.web.details import details_form
from handlers.web.downloads import download_report
from handlers.web.health import livez, readyz
from handlers.web.order_page import order_json, order_page, resend_mail
from handlers.web.shop import checkout, home, product_page
from handlers.webhook.endpoint import DATABASE_TIMEOUT_S, MAX_BODY, webhook_route
from handlers.webhook.inbox import EventInbox
from infra.errors import TransientError
from infra.settings import Settings


class WebState(TypedDict):
    """The application's state, which every request finds in `request.state`."""

    deps: Deps
    inbox: EventInbox


def create_app(settings: Settings) -> Starlette:
    """Return the application; it opens its clients when it starts, on the loop that serves."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[WebState]:
        deps = open_deps(settings, database_timeout_s=DATABASE_TIMEOUT_S)
        inbox = EventInbox(deps)
        yield {"deps": deps, "inbox": inbox}
        await inbox.close()
        await deps.db.close()

    app = Starlette(
        routes=[
            webhook_route,
            Route("/", home),
            Route("/products/{product}", product_page),
            Route("/checkout", checkout, methods=["POST"]),
            Route("/orders/{token}.json", order_json),
            Route("/orders/{token}", order_page),
            Route("/orders/{token}/resend", resend_mail, methods=["POST"]),
            Route("/orders/{token}/details", details_form, methods=["GET", "POST"]),
            Route("/orders/{token}/reports/{product}.pdf", download_report),
            Route("/livez", livez),
            Route("/readyz", readyz),
        ],
        exception_handlers={TransientError: _ask_for_patience, TimeoutError: _ask_for_patience},
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    # A redirect would count as a failure with Stripe.
    app.router.redirect_slashes = False
    return app


async def _ask_for_patience(_request: Request, _error: Exception) -> Response:
    """Answer 503, since MongoDB or another server did not answer in time."""
    return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
