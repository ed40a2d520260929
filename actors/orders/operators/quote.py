"""Quotes of replays: how much is made again, spent and sent, and what is refused, before anything is done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from actors.deps.process import Deps
from actors.orders.operators.dead_letters import message_in
from actors.orders.operators.tally import Quote, Tally, quoted
from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.replay import Words, following, renewed_plan, why_impossible
from storage.budget import is_paused
from storage.dead_letters import letters_by_ids
from storage.grouping import grouped, ids_of
from storage.order_state import Withheld, is_told, why_withheld
from storage.orders import find_orders
from storage.records.bulk import Closing
from storage.records.mail import DeadLetter
from storage.records.orders import Errand, Order
from storage.records.plans import Plan
from storage.records.work import Report, Step
from storage.reports import reports_of
from storage.steps import dead_steps_of, step_kind

#: The orders that are read in one go.
_BATCH = 500
_MAILS: dict[Errand, str] = {
    "confirm_order": "confirmation",
    "complete_order": "completion",
    "check_promise": "delay",
    "tell_failure": "failure",
    "refund_order": "refund",
    "resend_reports": "resend",
    "ask_details": "details",
    "confirm_withdrawal": "withdrawal",
}
_WITHHELD: dict[Withheld, str] = {
    "forgotten": "Its customer is forgotten.",
    "refunded": "It is refunded.",
    "refunding": "It is being refunded.",
    "disputed": "It is disputed.",
    "dispute_lost": "Its dispute was lost.",
}
_UNSOLD = "This product is sold no more."


@dataclass(frozen=True)
class _Case:
    """Order with what is dead of it."""

    order: Order
    reports: dict[str, Report]
    dead: Sequence[Step]
    #: All that is not done, for today's words. The dead ones otherwise.
    undone: Sequence[Step]


async def quote_dead(
    deps: Deps, letter_ids: Collection[str], action: Closing = "replayed", words: Words = "pinned"
) -> Quote:
    """Return the quote for closing dead letters in that way."""
    tally = Tally(today=words == "today")
    found = await letters_by_ids(deps.db, list(letter_ids))
    unknown = set(letter_ids).difference(letter["_id"] for letter in found)
    tally.refused |= dict.fromkeys(sorted(unknown), "There is no such dead letter.")
    tally.refused |= {one["_id"]: f"It is {one['state']} already." for one in found if one["state"] != "open"}
    still_open = [letter for letter in found if letter["state"] == "open"]
    if action == "discarded":
        tally.subjects += ids_of(still_open)
    else:
        await _add_all(deps, tally, still_open)
    return await quoted(deps, tally)


async def quote_renewal(deps: Deps, order: Order, product: str | None) -> Quote:
    """Return the quote for bringing an order's begun reports, or that of one product, to today's words."""
    tally = Tally(today=True)
    (case,) = await _cases(deps, [order], or_undone=True)
    for name, report in case.reports.items():
        if product in {None, name} and report["planned"]:
            if why := _why_not(order) or why_impossible(order, report, printing=False):
                tally.refused[report["_id"]] = why
            elif not await _renewed(deps, tally, case, report, ()):
                why = "Its words are today's." if name in PRODUCTS else _UNSOLD
                tally.refused[report["_id"]] = why
            else:
                tally.subjects.append(report["_id"])
    if tally.subjects:
        _add_completion(tally, case, [step for step in case.dead if step["report"] not in tally.subjects])
    return await quoted(deps, tally, "report")


async def _renewed(deps: Deps, tally: Tally, case: _Case, report: Report, first: Collection[str]) -> bool:
    """Add a report to a quote in today's words. False if these are its own, or it is in its pinned ones."""
    new = await renewed_plan(deps, report) if tally.today else None
    if new is None:
        return False
    old = await deps.plans.get(report["plan"] or "")
    tally.add_renewal(old, new, report, first, _keys(case.undone, report))
    return True


async def quote_section(deps: Deps, order: Order, product: str, section: str, words: Words = "pinned") -> Quote:
    """Return the quote for writing a section of an order anew, and all that follows from it."""
    tally = Tally(today=words == "today")
    (case,) = await _cases(deps, [order], or_undone=tally.today)
    report = case.reports.get(product)
    why = _why_not(order) or why_impossible(order, report, printing=False)
    plan = await deps.plans.get(report["plan"] or "") if report and not why else None
    key = plan and key_of(plan, section)
    if report and key and await _renewed(deps, tally, case, report, [key]):
        tally.subjects.append(f"{report['_id']}:{key}")
        _add_completion(tally, case, [step for step in case.dead if step["report"] != report["_id"]])
    elif report and plan and key:
        again = following({one: step["needs"] for one, step in plan["steps"].items()}, [key])
        left = [step for step in case.dead if step["report"] != report["_id"] or step["key"] not in again]
        tally.subjects.append(f"{report['_id']}:{key}")
        tally.add_report(plan, report, [key], _keys(left, report))
        _add_completion(tally, case, left)
    else:
        tally.refused[f"{product}: {section}"] = why or f"This report has no section {section}."
    return await quoted(deps, tally, "section")


def key_of(plan: Plan, section: str) -> str | None:
    """Return the key of the step that writes a section, None if there is none."""
    return next((key for key, step in plan["steps"].items() if step.get("section") == section), None)


async def _add_all(deps: Deps, tally: Tally, letters: Sequence[DeadLetter]) -> None:
    by_order = grouped(letters, lambda letter: letter["order"])
    for letter in by_order.pop(None, []):
        _add_loose(tally, letter)
    named = [order for order in by_order if order is not None]
    for start in range(0, len(named), _BATCH):
        batch = named[start : start + _BATCH]
        orders = await find_orders(deps.db, batch)
        cases = {case.order["_id"]: case for case in await _cases(deps, orders, or_undone=tally.today)}
        for order in batch:
            if order in cases:
                await _add_case(deps, tally, cases[order], by_order[order])
            else:
                tally.refused |= {letter["_id"]: "There is no such order." for letter in by_order[order]}


async def _cases(deps: Deps, orders: Sequence[Order], *, or_undone: bool) -> list[_Case]:
    reports = await reports_of(deps.db, orders)
    undone = await dead_steps_of(deps.db, ids_of(reports), or_undone=or_undone)
    of_order = grouped(reports, lambda report: report["order"])
    undone_of = grouped(undone, lambda step: step["report"])
    cases = []
    for order in orders:
        own = {report["product"]: report for report in of_order.get(order["_id"], [])}
        left = [step for one in own.values() for step in undone_of.get(one["_id"], [])]
        cases.append(_Case(order, own, [step for step in left if step["state"] == "dead"], left))
    return cases


def _add_loose(tally: Tally, letter: DeadLetter) -> None:
    """Add a letter of no order: what follows from an event or a message shows only once it is done."""
    if letter["kind"] == "message" and message_in(letter) is None:
        tally.refused[letter["_id"]] = "It is no message; it can only be discarded."
    else:
        tally.subjects.append(letter["_id"])
        tally.unknown += 1


async def _add_case(deps: Deps, tally: Tally, case: _Case, letters: Sequence[DeadLetter]) -> None:
    """Add the letters of an order, as far as they are not refused."""
    taken = []
    for letter in letters:
        if why := _why_letter_not(case, letter, today=tally.today):
            tally.refused[letter["_id"]] = why
        else:
            taken.append(letter)
    tally.subjects += ids_of(taken)
    for letter in taken:
        if (
            letter["kind"] == "errand"
            and letter["errand"] in _MAILS
            and not _is_moot(case.order, letter["errand"])
        ):
            tally.mails.add((letter["order"], _MAILS[letter["errand"]]))
    deaths = {f"{letter['step']}:{letter['epoch']}" for letter in taken if letter["kind"] == "step"}
    begun_anew = {letter["product"] for letter in taken if letter["kind"] == "report"}
    first = [step for step in case.dead if f"{step['_id']}:{step['epoch']}" in deaths]
    renewed = {step["report"] for step in first} if tally.today else set()
    left = [step for step in case.dead if step not in first and step["report"] not in renewed]
    for product, report in case.reports.items():
        if product in begun_anew and report["state"] == "dead":
            plan = await deps.plans.get(report["plan"]) if report["plan"] else plan_of(PRODUCTS[product])
            tally.add_report(plan, report, plan["steps"], ())
        elif (keys := _keys(first, report)) and not await _renewed(deps, tally, case, report, keys):
            tally.add_report(await deps.plans.get(report["plan"] or ""), report, keys, _keys(left, report))
    if first or begun_anew:
        _add_completion(tally, case, left, begun_anew)


def _why_letter_not(case: _Case, letter: DeadLetter, *, today: bool) -> str | None:
    if letter["kind"] == "errand":
        return _WITHHELD["forgotten"] if "forgotten_at" in case.order else None
    if why := _why_not(case.order):
        return why
    if letter["kind"] == "report" and letter["product"] not in PRODUCTS:
        return _UNSOLD
    if letter["kind"] != "step" or not any(step["_id"] == letter["step"] for step in case.dead):
        return None  # a step that is dead no more: the letter is closed, and nothing else is done
    printing = step_kind(letter["step"]) in {"render", "assemble"} and not today
    return why_impossible(case.order, case.reports.get(letter["product"]), printing=printing)


def _why_not(order: Order) -> str | None:
    """Return why nothing of an order is to be made again, or None."""
    if withheld := why_withheld(order, keep_refunded=False):
        return _WITHHELD[withheld]
    return "It is paused." if is_paused(order) else None


def _is_moot(order: Order, errand: Errand) -> bool:
    """Return whether an order has come too far for an errand's mail, which is not sent any more then."""
    if errand == "confirm_order":
        return order["stopped"] or is_told(order)
    return errand == "complete_order" and order["delivered_at"] is not None


def _keys(steps: Iterable[Step], report: Report) -> list[str]:
    return [step["key"] for step in steps if step["report"] == report["_id"]]


def _add_completion(
    tally: Tally, case: _Case, left: Sequence[Step], begun_anew: Collection[str] = frozenset()
) -> None:
    """Add the mail that brings the reports, unless it was sent, or something else keeps them from being whole."""
    order = case.order
    dead = [name for name, one in case.reports.items() if one["state"] == "dead" and name not in begun_anew]
    if order["letter"] is None and not (left or dead or order["missing"] or order["objection"]):
        tally.mails.add((order["_id"], "completion"))
