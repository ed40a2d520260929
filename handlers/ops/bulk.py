"""GET /ops/bulk and /ops/bulk/{bulk}: bulk work and its quotes; and POST to quote, begin, pause or end some."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.deps.process import Deps
from actors.orders.operators.bulk import NothingMatches, make_bulk, take_up_bulk, turn
from actors.orders.operators.matching import Filter, OpenOrders
from actors.reports.replay import Words
from handlers.ops.acts import Fields
from handlers.ops.guard import form_of, operator_of
from handlers.ops.page import expect, page
from handlers.spans import read_time
from handlers.views.bulk import bulk_view, bulk_views, told_quote
from infra.accounts import Role
from infra.errors import PressroomError
from storage.audit import Authority
from storage.bulk import failures_of, find_bulk, latest_bulks
from storage.records.bulk import BulkAction

#: Bulk works on a page, and failures of one.
_MOST, _MOST_FAILURES = 100, 200
_LONGEST = 200
#: The longest age of an order, in days, that is understood.
_OLDEST = 3650
#: By the state that it is in, what may be done with bulk work; the first is the main one.
_VERBS: Mapping[str, tuple[str, ...]] = {
    "quoted": ("begin", "cancel"),
    "running": ("pause", "cancel"),
    "paused": ("resume", "cancel"),
}
#: What may be done, and who may begin it.
_ROLES: Mapping[BulkAction, Role] = {"replayed": "operator", "discarded": "operator", "refunded": "owner"}


class TimeIsNone(PressroomError):
    """A time or an age of the filter cannot be read."""


async def newest(request: Request, mistake: str = "", status: int = 200) -> Response:
    """Show the newest bulk work, and a form to quote some."""
    deps: Deps = request.state.deps
    found = await bulk_views(deps, await latest_bulks(deps.db, _MOST))
    return page(request, "bulks.html", status, bulks=found, mistake=mistake)


async def quote(request: Request) -> Response:
    """Quote what a form's filter finds, and show the quote. 422 with the reason if that is nothing."""
    fields = await form_of(request, "operator")
    action = next((one for one in _ROLES if one == fields.get("action")), None)
    if action is None:
        raise HTTPException(400, "Dead letters are replayed or discarded, and orders refunded.")
    operator_of(request, _ROLES[action])
    words: Words = "today" if fields.get("words") == "today" else "pinned"
    deps: Deps = request.state.deps
    try:
        now = deps.clock.now()
        wanted = _old_orders(fields, now) if action == "refunded" else _filter(fields, now)
        bulk = await make_bulk(deps, wanted, action, words)
    except (NothingMatches, TimeIsNone) as error:
        return await newest(request, str(error), 422)
    return RedirectResponse(f"/ops/bulk/{bulk}", 303)


def _filter(fields: Mapping[str, str], now: datetime) -> Filter:
    """Return a form's filter. TimeIsNone if a time is none."""
    since, until = (_moment(fields.get(name, "").strip(), now) for name in ("since", "until"))
    return Filter(**_given(fields, "group", "product", "model", "tenant"), since=since, until=until)


def _old_orders(fields: Mapping[str, str], now: datetime) -> OpenOrders:
    """Return a form's filter of open orders. TimeIsNone if it says no age in days."""
    days = fields.get("days", "").strip()
    if days not in map(str, range(1, _OLDEST + 1)):
        raise TimeIsNone(f"Say how old an order must be: a number of days from 1 to {_OLDEST}.")
    return OpenOrders(now - timedelta(days=int(days)), **_given(fields, "product", "tenant"))


def _given(fields: Mapping[str, str], *names: str) -> dict[str, str]:
    """Return those of the named fields that are filled in."""
    return {name: text for name in names if (text := fields.get(name, "").strip()[:_LONGEST])}


def _moment(text: str, now: datetime) -> datetime | None:
    moment = read_time(text, now, -1) if text else None
    if text and moment is None:
        raise TimeIsNone("A time is written such as 2026-03-01T12:00, in UTC.")
    return moment


async def act(request: Request, fields: Fields, authority: Authority) -> str:
    """Begin bulk work as it was quoted, or pause, resume or cancel it.

    Who may begin it may resume it. Any operator may pause or cancel it.
    """
    deps: Deps = request.state.deps
    bulk, verb = request.path_params["bulk"], fields.get("action", "")
    if verb in {"begin", "resume"}:
        found = await find_bulk(deps.db, bulk)
        operator_of(request, _ROLES[found["action"]] if found else "operator")
    if verb == "begin":
        await take_up_bulk(deps, bulk, fields.get("quote", ""), authority)
    else:
        await turn(deps, bulk, verb, authority)
    return request.url.path


async def one(request: Request, mistake: str = "", status: int = 200) -> Response:
    """Show bulk work: its quote until it is begun, then how far it is and what failed."""
    deps: Deps = request.state.deps
    bulk = expect(await find_bulk(deps.db, request.path_params["bulk"]), "There is no such bulk work.")
    view = await bulk_view(deps, bulk)
    failures = (await failures_of(deps.db, bulk["_id"]))[:_MOST_FAILURES]
    may_begin = operator_of(request).may(_ROLES[bulk["action"]])
    verbs = [verb for verb in _VERBS.get(view["state"], ()) if may_begin or verb in {"pause", "cancel"}]
    buttons = [("action", verb, verb.capitalize(), verb == verbs[0]) for verb in verbs]
    facts = {"bulk": view, "told": told_quote(view["quote"]), "failures": failures, "buttons": buttons}
    return page(request, "bulk.html", status, mistake=mistake, **facts)
