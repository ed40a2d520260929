"""Web application: its routes, and the clients that live as long as it does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypedDict

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from actors.deps.process import Deps
from actors.deps.recent import Recent
from actors.deps.startup import open_deps
from handlers.views.status import StatusView
from handlers.web.details import details_form
from handlers.web.doors import Door, Doorway
from handlers.web.downloads import download_report
from handlers.web.front_door import FrontDoor, Watched
from handlers.web.gift_page import gift_page
from handlers.web.headers import Headers
from handlers.web.health import Checkup, livez, readyz
from handlers.web.live import News
from handlers.web.metrics import FRESH_S, metrics
from handlers.web.order_page import order_events, order_json, order_page, resend_mail
from handlers.web.own_answers import answers_form
from handlers.web.reading import download_epub, read_contents, read_part
from handlers.web.shop import checkout, home, product_page, review
from handlers.web.sweep_watch import sweep_watch
from handlers.web.withdrawal import withdrawal_form
from handlers.webhook.endpoint import DATABASE_TIMEOUT_S, MAX_BODY, stripe_webhook, webhook_route
from handlers.webhook.inbox import EventInbox
from infra.errors import TransientError
from infra.settings import Settings

#: Looks at pages cost a few reads each: an address has a tenth of what a process can answer. Scripts that poll and
#: offices behind one address stay far below.
_LOOKS = partial(Door, "looks", each=(1000, 0.02), every=(5000, 0.002), at_once=64)
#: Downloads wait for S3, which may hang for seconds: pages must not wait with them.
_FILES = partial(Door, "downloads", each=(1000, 0.02), every=(5000, 0.002), at_once=32)
#: A report's part is composed in some 30 ms of a processor, and a long one's EPUB in a third of a second, in
#: threads with which the loop shares it.
_PARTS = partial(Door, "parts", each=(200, 0.2), every=(1000, 0.1), at_once=2)
_BOOKS = partial(Door, "books", each=(20, 10.0), every=(100, 2.0), at_once=1)
#: Order pages that are being looked at. Each holds a connection, of which a process has 800.
_STREAMS = partial(Door, "streams", each=(100, 1.0), every=(1000, 0.02), at_once=600)
#: Forms about one order, and another mail: a person's clicks.
_FORMS = partial(Door, "forms", each=(60, 1.0), every=(600, 0.1), at_once=16)
#: Each form on its way to the till is kept for a month, and is a call to Stripe, whose rate limit refunds share.
#: Each call may hold one of the process's threads for half a minute.
_TILL = partial(Door, "checkout", each=(60, 3.0), every=(300, 0.5), at_once=16)


class WebState(TypedDict):
    """The application's state, which every request finds in `request.state`."""

    deps: Deps
    inbox: EventInbox
    checkup: Checkup
    front_door: FrontDoor
    scraped: Recent[StatusView]
    news: News
    #: Held while a page is set as PDF.
    printer: asyncio.Semaphore


def create_app(settings: Settings, routes: Sequence[BaseRoute], is_ending: Callable[[], bool]) -> ASGIApp:
    """Return the application with these routes, and the probes; it opens its clients as it starts, on its loop.

    `is_ending` tells whether its server has been told to end, so that streams do.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[WebState]:
        deps = open_deps(settings, database_timeout_s=DATABASE_TIMEOUT_S)
        inbox = EventInbox(deps)
        front_door, news = FrontDoor(), News(deps.db, is_ending)
        pulses = (sweep_watch(deps).look_for_ever(), front_door.write_for_ever(deps))
        watching = [asyncio.create_task(pulse) for pulse in pulses]
        yield {
            "deps": deps,
            "inbox": inbox,
            "front_door": front_door,
            "checkup": Checkup(deps),
            "scraped": Recent(FRESH_S),
            "news": news,
            "printer": asyncio.Semaphore(1),
        }
        news.close()
        for watch in watching:
            watch.cancel()
        await inbox.close()
        await front_door.write_down(deps)
        await deps.db.close()

    app = Starlette(
        routes=[*routes, Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)],
        exception_handlers={TransientError: _ask_for_patience, TimeoutError: _ask_for_patience},
        lifespan=lifespan,
        max_body_size=MAX_BODY,
    )
    # A redirect would count as a failure with Stripe.
    app.router.redirect_slashes = False
    return Headers(app, settings)


def customers_routes() -> list[BaseRoute]:
    """Return the routes of Stripe's webhook and of all that customers see."""
    doors = (_LOOKS, _PARTS, _FILES, _BOOKS, _FORMS, _TILL)
    looks, parts, files, books, forms, till = ([Middleware(Doorway, door=door())] for door in doors)
    return [
        Route(webhook_route.path, stripe_webhook, methods=["POST"], middleware=[Middleware(Watched)]),
        Route("/", home, middleware=looks),
        Route("/products/{product}", product_page, middleware=looks),
        Route("/review", review, methods=["POST"], middleware=looks),
        Route("/checkout", checkout, methods=["POST"], middleware=till),
        Route("/orders/{token}.json", order_json, middleware=looks),
        Route("/orders/{token}", order_page, middleware=looks),
        Route("/orders/{token}/events", order_events, middleware=[Middleware(Doorway, door=_STREAMS())]),
        Route("/orders/{token}/resend", resend_mail, methods=["POST"], middleware=forms),
        Route("/orders/{token}/details", details_form, methods=["GET", "POST"], middleware=forms),
        Route("/orders/{token}/answers", answers_form, methods=["GET", "POST"], middleware=forms),
        Route("/orders/{token}/withdrawal", withdrawal_form, methods=["GET", "POST"], middleware=forms),
        Route("/gifts/{gift}", gift_page, middleware=looks),
        Route("/gifts/{gift}/resend", resend_mail, methods=["POST"], middleware=forms),
        *(
            route
            for whose in ("/orders/{token}", "/gifts/{gift}")
            for route in (
                Route(whose + "/reports/{product}.pdf", download_report, middleware=files),
                Route(whose + "/reports/{product}.epub", download_epub, middleware=books),
                Route(whose + "/reports/{product}/read", read_contents, middleware=looks),
                Route(whose + "/reports/{product}/read/{part}", read_part, middleware=parts),
            )
        ),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
    ]


async def _ask_for_patience(_request: Request, _error: Exception) -> Response:
    """Answer 503, since MongoDB or another server did not answer in time."""
    return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
