"""Writes orders, then begins those that may begin by their state in MongoDB (T2, T3)."""

from collections.abc import Sequence
from datetime import timedelta

from actors.deps.intake import IntakeDeps
from actors.intake.draft import NO_PRODUCT, draft_order
from actors.intake.events import SessionFact
from actors.messages import Post, begin_post, errand_post, send_all
from actors.products.catalogue import offer_of
from actors.reports.admission import admit_waiting
from infra.logs import log
from storage.alerts import raise_alert
from storage.errands import ERRAND_CHECK, add_errand
from storage.forms import find_forms
from storage.grouping import by_id
from storage.order_state import may_begin, paid_at
from storage.orders import (
    await_details,
    call_operator,
    fill_details,
    find_orders,
    note_ended,
    note_paid,
    place_orders,
)
from storage.records.orders import Order
from storage.records.work import Report
from storage.reports import begin_message, new_report, open_reports, report_ids

#: The time that a customer has to fill in missing details before an operator is asked.
_DETAILS_WITHIN = timedelta(days=7)


async def place_sessions(deps: IntakeDeps, news: Sequence[SessionFact]) -> list[Order]:
    """Write the orders of sessions, or add new facts to those that are there. Returns them as they stand (T2)."""
    references = [one.session.reference for one in news if one.session.reference]
    forms = await find_forms(deps.db, references) if references else {}
    now = deps.clock.now()
    drafts = [draft_order(deps, one, forms.get(one.session.reference or ""), now) for one in news]
    taken = set(await place_orders(deps.db, drafts))
    if not taken:
        return drafts
    present = by_id(await find_orders(deps.db, sorted(taken)))
    added = [await _add(deps, draft, present[draft["_id"]]) for draft in drafts if draft["_id"] in taken]
    if any(added):
        present = by_id(await find_orders(deps.db, sorted(taken)))
    return [draft for draft in drafts if draft["_id"] not in taken] + list(present.values())


async def _add(deps: IntakeDeps, draft: Order, order: Order) -> bool:
    """Add the facts of a session's later event that its order, as seen, lacks. False if there are none."""
    order_id, paid, ended = draft["_id"], draft["paid_at"], draft["ended_at"]
    has_changed = False
    if paid is not None and (order["paid_at"] is None or paid < order["paid_at"]):
        await note_paid(deps.db, order_id, paid)
        has_changed = True
    if ended is not None and order["ended_at"] is None:
        await note_ended(deps.db, order_id, ended)
        has_changed = True
    answers = {**draft["answers"], "email": draft["email"] or ""}
    given = {name: answers[name] for name in order["missing"] if answers.get(name)}
    if given:
        await fill_details(deps.db, order_id, given, deps.clock.now())
        has_changed = True
    return has_changed


async def start_order(deps: IntakeDeps, order: Order) -> None:
    """Begin an order that lacks no details any more."""
    await send_all(deps, await advance_orders(deps, [order]))


async def advance_orders(deps: IntakeDeps, orders: Sequence[Order]) -> list[Post]:
    """Begin the orders that may begin, and ask for the details of the rest. Returns the messages to be sent."""
    posts = await start_orders(deps, [order for order in orders if may_begin(order)])
    for order in orders:
        if order["paid_at"] is not None and not order["stopped"] and not may_begin(order):
            posts += await _ask(deps, order)
    return posts


async def start_orders(deps: IntakeDeps, orders: Sequence[Order]) -> list[Post]:
    """Open the reports of orders. Returns the messages that begin those which are not begun (T3)."""
    now = deps.clock.now()
    reports: list[Report] = []
    for order in orders:
        waits = _is_limited(deps, order)
        for product, report in zip(order["products"], report_ids(order), strict=True):
            reports.append(new_report(order, product, begin_message(report), now, waits=waits))
    if not reports:
        return []
    # Before the reports: if a crash leaves the rest undone, the order is begun again, and the errand with it.
    confirmed = [order["_id"] for order in orders if _is_confirmed(order)]
    for order_id in confirmed:
        await add_errand(deps.db, order_id, "confirm_order", now + ERRAND_CHECK)
    present = by_id(await open_reports(deps.db, reports))
    opened = [present.get(report["_id"], report) for report in reports]
    posts = [begin_post(report) for report in opened if report["state"] == "queued"]
    posts += [errand_post("confirm_order", order_id) for order_id in confirmed]
    for tenant in sorted({report["tenant"] for report in opened if report["state"] == "waiting"}):
        posts += await admit_waiting(deps, tenant)
    return posts


def _is_limited(deps: IntakeDeps, order: Order) -> bool:
    return deps.tenants.of(order["tenant"]).limit is not None


def _is_confirmed(order: Order) -> bool:
    """Return whether a letter confirms an order. That of a gift is the first that its customer gets."""
    offer = offer_of(order["product"])
    return offer is not None and (offer.is_confirmed or "gift" in order)


async def _ask(deps: IntakeDeps, order: Order) -> list[Post]:
    """Ask Stripe for the product, the customer for missing details, or the operator."""
    log.info("order_waits", order=order["_id"], reason=order["objection"] or "details")
    if order["objection"] is not None:
        # Without a letter or a refund by the settings: the money may be another shop's.
        await call_operator(deps.db, order["_id"], order["objection"], deps.clock.now())
        if order["objection"] != NO_PRODUCT:
            return []
        await add_errand(deps.db, order["_id"], "identify_order", deps.clock.now() + ERRAND_CHECK)
        return [errand_post("identify_order", order["_id"])]
    if "details_by" in order:
        return []
    if not order["email"]:
        reason = "Something is missing, and there is no address to ask for it."
        await raise_alert(deps.db, "no_address", reason, deps.clock.now(), order=order["_id"])
    ask_at = deps.clock.now() + ERRAND_CHECK if order["email"] else None
    await await_details(deps.db, order["_id"], paid_at(order) + _DETAILS_WITHIN, ask_at)
    return [errand_post("ask_details", order["_id"])] if order["email"] else []
