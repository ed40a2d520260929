"""Routes of the operators' pages."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ExceptionHandler

from handlers.ops import alerts, bulk, dead, order_acts, orders, overviews, pauses, replay, stripe
from handlers.ops.acts import form
from handlers.ops.guard import Guard
from handlers.ops.page import broken, later, refused
from handlers.ops.signing_in import Entrance
from handlers.web.doors import Door, Doorway
from infra.accounts import Account
from infra.errors import TransientError

#: Looks and clicks of people, from few addresses.
_PAGES = partial(Door, "ops", each=(300, 0.1), every=(1000, 0.02), at_once=16)
#: Pages that are being looked at, each by a stream for some minutes.
_STREAMS = partial(Door, "ops streams", each=(100, 1.0), every=(300, 0.2), at_once=50)
#: Each takes 50 ms of a processor and 64 MiB.
_ENTRANCE = partial(Door, "ops sign-in", each=(20, 3.0), every=(60, 0.5), at_once=8)


def ops_routes(accounts: Mapping[str, Account]) -> list[BaseRoute]:
    """Return the routes to the operators' pages, for those accounts."""
    entrance = Entrance(accounts)
    said: dict[Any, ExceptionHandler] = {
        HTTPException: refused,
        TransientError: later,
        TimeoutError: later,
        500: broken,
    }
    at_the_door = [Middleware(Doorway, door=_ENTRANCE())]
    pages = Starlette(
        routes=[
            Route("/sign-in", entrance.show),
            Route("/sign-in", entrance.enter, methods=["POST"], middleware=at_the_door),
            Route("/sign-out", entrance.leave, methods=["POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
            Route("/", orders.needing_a_person),
            Route("/orders", orders.newest),
            Route("/orders/{order}", orders.show_order),
            Route("/orders/{order}/replay", replay.quoted),
            Route("/orders/{order}/replay", form(replay.begin, replay.quoted), methods=["POST"]),
            Route("/orders/{order}/{act}", order_acts.ask),
            Route("/orders/{order}/{act}", order_acts.do, methods=["POST"]),
            Route("/search", orders.find),
            Route("/status", overviews.installation),
            Route("/alerts", alerts.alerts),
            Route("/alerts/{alert}", alerts.alert),
            Route("/alerts/{alert}", form(alerts.settle_or_snooze, alerts.alert), methods=["POST"]),
            Route("/money", overviews.money),
            Route("/stripe", stripe.stripe),
            Route("/stripe", form(stripe.fetch, stripe.stripe), methods=["POST"]),
            Route("/stripe/look", stripe.look, methods=["POST"]),
            Route("/pauses", pauses.ask),
            Route("/pauses", form(pauses.pause_or_resume, pauses.pauses), methods=["POST"]),
            Route("/mail", overviews.mails),
            Route("/dead", dead.groups),
            Route("/dead/{letter:path}", dead.letter),
            Route("/dead/{letter:path}", form(dead.close, dead.letter), methods=["POST"]),
            Route("/bulk", bulk.newest),
            Route("/bulk", bulk.quote, methods=["POST"]),
            Route("/bulk/{bulk}", bulk.one),
            Route("/bulk/{bulk}", form(bulk.act, bulk.one), methods=["POST"]),
        ],
        middleware=[Middleware(Doorway, door=_PAGES()), Middleware(Guard, accounts=accounts)],
        exception_handlers=said,
    )
    streams = Starlette(
        routes=[Route("/orders/{order}", orders.follow)],
        middleware=[Middleware(Doorway, door=_STREAMS()), Middleware(Guard, accounts=accounts)],
        exception_handlers=said,
    )
    return [Route("/ops", _lead_in), Mount("/ops/live", streams), Mount("/ops", pages)]


async def _lead_in(_request: Request) -> Response:
    """Lead to the first page from the address that people type."""
    return RedirectResponse("/ops/", 303)
