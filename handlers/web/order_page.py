"""GET /orders/{token} (and .json), POST …/resend: an order's page, and its customer's request for another mail."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from actors.deps.process import Deps
from actors.mail.brand import language_of
from actors.mail.formatting import readable_size
from actors.orders.customers.correction import stage_of
from actors.orders.customers.resend import ResendIsImpossible, ResendIsTooSoon, ask_resend
from actors.orders.customers.withdrawal import right_of
from actors.orders.estimate import estimate_s, spoken_estimate
from actors.orders.hindrances import withheld_for
from actors.orders.promise import promised_at
from actors.products.catalogue import title_of
from handlers.views.orders import ReportView, order_progress
from handlers.web.arrival import arrival_page
from handlers.web.live import live
from handlers.web.page import page
from handlers.web.requests import DEADLINE_S, find_order_of, order_of
from infra.errors import TransientError
from infra.links import Links
from infra.logs import log
from infra.speech.dates import said_day, said_moment
from infra.speech.say import say
from storage.order_state import gift_day, readers_address
from storage.orders import note_opened
from storage.records.orders import Order

_JSON_DEADLINE_S = 3.0
#: Fields that the JSON of a customer's link has, and those of each report. All others are the operators', as
#: are the words of `attention`.
_SHOWN = (
    "order_id",
    "state",
    "tenant",
    "product",
    "url",
    "on_hold",
    "placed_at",
    "paid_at",
    "amount_refunded",
    "dead",
    "mails_refused",
)
_SHOWN_OF_REPORTS = (
    "product",
    "state",
    "sections_done",
    "sections_total",
    "chunks_done",
    "chunks_total",
    "downloads",
    "pdf",
)
#: States in which the mail is still to come. Until then only who paid, or reads that mailbox, has the link.
_ON_THE_WAY = {"paid", "generating", "scheduled", "delivering"}
#: States in which missing answers may still be filled in.
_WAITING = {"awaiting_details", "needs_attention"}
#: The mails that bring reports, to whom they are for.
_TO_READERS = {"completion", "correction", "resend"}


async def order_page(request: Request) -> Response:
    """Show how far an order is, where its mail will go, its finished reports, and whether a mail was refused."""
    deps: Deps = request.state.deps
    async with asyncio.timeout(DEADLINE_S):
        order = await find_order_of(request)
        if order is None:
            return await arrival_page(request)
        view = await order_progress(deps, order)
        due, stage = await _due(deps, order), await stage_of(deps, order)
        if _is_opened(request):
            await _count_opening(deps, order)
    language = language_of(deps, order)
    withheld = withheld_for(deps, order)
    return page(
        request,
        "order.html",
        about=order,
        title=title_of(order["product"], say(language, "Your order")),
        state=view["state"],
        withheld=withheld,
        wanted=view["state"] in _WAITING and order["missing"],
        reports=[] if withheld else [shown_report(deps, order, report) for report in view["reports"]],
        due=due,
        stage=stage,
        right=right_of(deps, order),
        refused=bool(view["mails_refused"]),
        gift=said_day(gift_day(order), language) if "gift" in order else None,
        gift_refused="gift" in order and bool(_TO_READERS & {*view["mails_refused"]}),
        address=readers_address(order) if view["state"] in _ON_THE_WAY and not withheld else None,
        path=request.url.path,
    )


def _is_opened(request: Request) -> bool:
    """Return whether somebody opens the page, rather than a script or a scanner that fetches it.

    Our script says so itself, in any browser. Most browsers say it of whatever they fetch, such as for a page that
    has the script of an earlier version, but the older ones do not, and none does without TLS.
    """
    fetched = "x-requested-with" in request.headers or request.headers.get("sec-fetch-dest") == "empty"
    return request.method == "GET" and not fetched


async def _count_opening(deps: Deps, order: Order) -> None:
    """Count that the page was opened. It is shown all the same where that cannot be written."""
    try:
        await note_opened(deps.db, order["_id"], deps.clock.now())
    except TransientError as error:
        log.warning("opening_not_counted", order=order["_id"], error=str(error))


async def order_json(request: Request) -> Response:
    """Answer with the order's state and progress, without costs, mails and the customer's own words."""
    deps: Deps = request.state.deps
    async with asyncio.timeout(_JSON_DEADLINE_S):
        return JSONResponse(await _public_view(deps, await order_of(request)))


async def order_events(request: Request) -> Response:
    """Stream the same whenever it changes, as server-sent events."""
    deps: Deps = request.state.deps
    async with request.state.news.turns:
        order = await order_of(request)

    async def show() -> str:
        async with asyncio.timeout(_JSON_DEADLINE_S):
            return json.dumps(await _public_view(deps, await order_of(request)))

    return live(request, order["_id"], show)


async def _public_view(deps: Deps, order: Order) -> dict[str, object]:
    view = await order_progress(deps, order)
    reports = [_only(_SHOWN_OF_REPORTS, report) for report in view["reports"]]
    if withheld_for(deps, order):
        reports = [{**report, "pdf": None} for report in reports]
    attention = say(language_of(deps, order), "One of us is looking after it.") if view["attention"] else None
    return {**_only(_SHOWN, view), "attention": attention, "reports": reports}


async def resend_mail(request: Request) -> Response:
    """Have the reports' mail sent again: 202; 429 if that is too soon, 409 if there is none to send.

    The link's own token allows it. No other site knows that token, so that a form there cannot ask for it.
    """
    async with asyncio.timeout(DEADLINE_S):
        order = await order_of(request)
        try:
            await ask_resend(request.state.deps, order)
            return _answer(request, order, 202, "asked")
        except ResendIsTooSoon as error:
            answer = _answer(request, order, 429, "too_soon")
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        except ResendIsImpossible:
            return _answer(request, order, 409, "impossible")


def _answer(request: Request, order: Order, status: int, outcome: str) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"resend": outcome}, status)
    return page(request, "resend.html", status, about=order, outcome=outcome, gift="gift" in order)


def _only(names: Sequence[str], view: Mapping[str, object]) -> dict[str, object]:
    return {name: view[name] for name in names}


async def _due(deps: Deps, order: Order) -> dict[str, Any] | None:
    """Return when an order is promised for, and how long such orders usually take. None if nobody waits for it."""
    due_at, now = promised_at(order), deps.clock.now()
    if due_at is None:
        return None
    likely_s = await estimate_s(deps, order["products"])
    # What takes longer than it should says nothing of the usual.
    language = language_of(deps, order)
    likely = spoken_estimate(likely_s, language) if now + timedelta(seconds=likely_s) < due_at else None
    zone = ZoneInfo(order.get("timezone", deps.settings.timezone))
    return {"is_over": now > due_at, "at": said_moment(due_at.astimezone(zone), language), "likely": likely}


def shown_report(deps: Deps, order: Order, report: ReportView, *, of_gift: bool = False) -> dict[str, Any]:
    """Return a report as a page of its order shows it: with its title, and with its size if it is finished.

    Its address, on the host of the page, opens it alone, since that is what people share from their browsers.
    """
    pdf, size, language = report["pdf"], None, language_of(deps, order)
    address = urlsplit(Links(deps.settings).report(order["token"], report["product"], of_gift=of_gift))
    if pdf:
        facts = {"pages": pdf["pages"], "size": readable_size(pdf["bytes"], language)}
        size = say(language, "PDF, %(pages)s pages, %(size)s", **facts)
    return {**report, "title": title_of(report["product"]), "size": size, "address": address.path}
