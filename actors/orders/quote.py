"""Quotes of replays: how much is made again, spent and sent, and what is refused, before anything is done."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from actors.deps.process import Deps
from actors.orders.dead_letters import message_in
from actors.orders.estimate import remaining_s
from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.replay import following, why_impossible
from infra.llm.answer import Usage
from storage.budget import is_paused
from storage.costs import mean_usages
from storage.dead_letters import letters_by_ids
from storage.grouping import grouped
from storage.order_state import Withheld, why_withheld
from storage.orders import find_orders
from storage.records.bulk import Closing, QuoteFacts
from storage.records.mail import DeadLetter
from storage.records.orders import Errand, Order
from storage.records.plans import Plan
from storage.records.work import Report, Step
from storage.reports import reports_of
from storage.steps import dead_steps_of, kind_of

#: The orders that are read in one go.
_BATCH = 500
#: The span and the number of latest calls that tell how long an answer is, and its length while there are none.
_LATELY, _LATEST, _AT_FIRST = timedelta(days=30), 2000, Usage(2000, 0, 1000)
#: The refusals that a quote names.
_NAMED = 100
#: The dead letters that a sweep sees to in a second, at most.
_LETTERS_PER_S = 8.0
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


@dataclass(frozen=True)
class Quote:
    """Quote of a replay: the letters that it closes, those that are refused with the reasons, and its facts."""

    letters: Sequence[str]
    refused: dict[str, str]
    facts: QuoteFacts


class _Share(NamedTuple):
    """Share of one report: the sections that are reused, the calls, and how long it takes."""

    reused: int
    calls: int
    lasts_s: float


@dataclass
class _Tally:
    """Sums over orders, and all that they depend on."""

    letters: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    #: By product.
    calls: Counter[str] = field(default_factory=Counter)
    mails: set[tuple[str, str]] = field(default_factory=set)
    longest_s: float = 0.0
    unknown: int = 0
    grounds: list[str] = field(default_factory=list)
    #: Of many orders most have died of the same.
    known: dict[tuple[str, str], _Share] = field(default_factory=dict)

    def add_report(self, plan: Plan, report: Report, first: Iterable[str], dead: Iterable[str]) -> None:
        """Add those steps of a report and all that follow, but for what other dead steps keep from being made."""
        ground = f"{sorted(first)} {sorted(dead)}"
        share = self.known.get((plan["_id"], ground)) or _share(plan, first, dead)
        self.known[plan["_id"], ground] = share
        self.reused += share.reused
        self.calls[report["product"]] += share.calls
        self.longest_s = max(self.longest_s, share.lasts_s)
        self.grounds.append(f"{report['_id']}@{report['run']} {ground}")


def _share(plan: Plan, first: Iterable[str], dead: Iterable[str]) -> _Share:
    needs = {key: step["needs"] for key, step in plan["steps"].items()}
    again = following(needs, first)
    made = again - following(needs, dead)
    writes = {key for key, step in plan["steps"].items() if step["kind"] == "write"}
    return _Share(len(writes - again), len(writes & made), remaining_s(plan, made))


@dataclass(frozen=True)
class _Case:
    """Order with what is dead of it."""

    order: Order
    reports: dict[str, Report]
    dead: Sequence[Step]


async def quote_dead(deps: Deps, letter_ids: Collection[str], action: Closing = "replayed") -> Quote:
    """Return the quote for closing dead letters in that way."""
    tally = _Tally()
    found = await letters_by_ids(deps.db, list(letter_ids))
    unknown = set(letter_ids).difference(letter["_id"] for letter in found)
    tally.refused |= dict.fromkeys(sorted(unknown), "There is no such dead letter.")
    tally.refused |= {one["_id"]: f"It is {one['state']} already." for one in found if one["state"] != "open"}
    still_open = [letter for letter in found if letter["state"] == "open"]
    if action == "discarded":
        tally.letters += [letter["_id"] for letter in still_open]
    else:
        await _add_all(deps, tally, still_open)
    return await _quoted(deps, tally)


async def quote_section(deps: Deps, order: Order, product: str, section: str) -> Quote:
    """Return the quote for writing a section of an order anew, and all that follows from it."""
    tally = _Tally()
    (case,) = await _cases(deps, [order])
    report = case.reports.get(product)
    why = _why_not(order) or why_impossible(order, report, printing=False)
    plan = await deps.plans.get(report["plan"] or "") if report and not why else None
    key = plan and key_of(plan, section)
    if report and plan and key:
        again = following({one: step["needs"] for one, step in plan["steps"].items()}, [key])
        left = [step for step in case.dead if step["report"] != report["_id"] or step["key"] not in again]
        tally.letters.append(f"{report['_id']}:{key}")
        tally.add_report(plan, report, [key], _keys(left, report))
        _add_completion(tally, case, left)
    else:
        tally.refused[f"{product}: {section}"] = why or f"This report has no section {section}."
    return await _quoted(deps, tally)


def key_of(plan: Plan, section: str) -> str | None:
    """Return the key of the step that writes a section, None if there is none."""
    return next((key for key, step in plan["steps"].items() if step.get("section") == section), None)


async def _add_all(deps: Deps, tally: _Tally, letters: Sequence[DeadLetter]) -> None:
    by_order = grouped(letters, lambda letter: letter["order"])
    for letter in by_order.pop(None, []):
        _add_loose(tally, letter)
    named = [order for order in by_order if order is not None]
    for start in range(0, len(named), _BATCH):
        batch = named[start : start + _BATCH]
        cases = {case.order["_id"]: case for case in await _cases(deps, await find_orders(deps.db, batch))}
        for order in batch:
            if order in cases:
                await _add_case(deps, tally, cases[order], by_order[order])
            else:
                tally.refused |= {letter["_id"]: "There is no such order." for letter in by_order[order]}


async def _cases(deps: Deps, orders: Sequence[Order]) -> list[_Case]:
    reports = await reports_of(deps.db, orders)
    dead = await dead_steps_of(deps.db, [report["_id"] for report in reports])
    of_order = grouped(reports, lambda report: report["order"])
    dead_of = grouped(dead, lambda step: step["report"])
    cases = []
    for order in orders:
        own = {report["product"]: report for report in of_order.get(order["_id"], [])}
        cases.append(_Case(order, own, [step for one in own.values() for step in dead_of.get(one["_id"], [])]))
    return cases


def _add_loose(tally: _Tally, letter: DeadLetter) -> None:
    """Add a letter of no order: what follows from an event or a message shows only once it is done."""
    if letter["kind"] == "message" and message_in(letter) is None:
        tally.refused[letter["_id"]] = "It is no message; it can only be discarded."
    else:
        tally.letters.append(letter["_id"])
        tally.unknown += 1


async def _add_case(deps: Deps, tally: _Tally, case: _Case, letters: Sequence[DeadLetter]) -> None:
    """Add the letters of an order, as far as they are not refused."""
    taken = []
    for letter in letters:
        if why := _why_letter_not(case, letter):
            tally.refused[letter["_id"]] = why
        else:
            taken.append(letter)
    tally.letters += [letter["_id"] for letter in taken]
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
    left = [step for step in case.dead if step not in first]
    for product, report in case.reports.items():
        if product in begun_anew and report["state"] == "dead":
            plan = await deps.plans.get(report["plan"]) if report["plan"] else plan_of(PRODUCTS[product])
            tally.add_report(plan, report, plan["steps"], ())
        elif keys := _keys(first, report):
            tally.add_report(await deps.plans.get(report["plan"] or ""), report, keys, _keys(left, report))
    if first or begun_anew:
        _add_completion(tally, case, left, begun_anew)


def _why_letter_not(case: _Case, letter: DeadLetter) -> str | None:
    if letter["kind"] == "errand":
        return _WITHHELD["forgotten"] if "forgotten_at" in case.order else None
    if why := _why_not(case.order):
        return why
    if letter["kind"] == "report" and letter["product"] not in PRODUCTS:
        return "This product is sold no more."
    if letter["kind"] != "step" or not any(step["_id"] == letter["step"] for step in case.dead):
        return None  # a step that is dead no more: the letter is closed, and nothing else is done
    printing = kind_of(letter["step"]) in {"render", "assemble"}
    return why_impossible(case.order, case.reports.get(letter["product"]), printing=printing)


def _why_not(order: Order) -> str | None:
    """Return why nothing of an order is to be made again, or None."""
    if withheld := why_withheld(order, keep_refunded=False):
        return _WITHHELD[withheld]
    return "It is paused." if is_paused(order) else None


def _is_moot(order: Order, errand: Errand) -> bool:
    """Return whether an order has come too far for an errand's mail, which is not sent any more then."""
    if errand == "confirm_order":
        return bool(order["stored_at"] or order["letter"] or order.get("told") or order["stopped"])
    return errand == "complete_order" and order["delivered_at"] is not None


def _keys(steps: Iterable[Step], report: Report) -> list[str]:
    return [step["key"] for step in steps if step["report"] == report["_id"]]


def _add_completion(
    tally: _Tally, case: _Case, left: Sequence[Step], begun_anew: Collection[str] = frozenset()
) -> None:
    """Add the mail that brings the reports, unless it was sent, or something else keeps them from being whole."""
    order = case.order
    dead = [name for name, one in case.reports.items() if one["state"] == "dead" and name not in begun_anew]
    if order["letter"] is None and not (left or dead or order["missing"] or order["objection"]):
        tally.mails.add((order["_id"], "completion"))


async def _quoted(deps: Deps, tally: _Tally) -> Quote:
    calls, pace = tally.calls.total(), 60 / deps.settings.llm_requests_per_minute
    seconds = tally.longest_s + calls * pace + len(tally.letters) / _LETTERS_PER_S
    mails = Counter(kind for _, kind in tally.mails)
    grounds = [tally.letters, sorted(tally.refused.items()), sorted(tally.grounds), sorted(tally.mails)]
    named = list(tally.refused.items())[:_NAMED]
    facts: QuoteFacts = {
        "letters": len(tally.letters),
        "refused": len(tally.refused),
        "refusals": [{"letter": letter, "why": why} for letter, why in named],
        "reused": tally.reused,
        "calls": calls,
        "usd": await likely_usd(deps, tally.calls),
        "mails": dict(sorted(mails.items())),
        "minutes": ceil(seconds / 60),
        "unknown": tally.unknown,
        "fingerprint": hashlib.sha256(json.dumps(grounds).encode()).hexdigest()[:32],
    }
    return Quote(tally.letters, tally.refused, facts)


async def likely_usd(deps: Deps, calls: Counter[str]) -> float | None:
    """Return what so many calls of some products are likely to cost in US dollars. None if no price is known.

    Their answers are as long as the latest, and paid at list price.
    """
    if not calls.total():
        return 0.0
    price = deps.prices.of(deps.settings.openai_model)
    if price is None:
        return None
    means = await mean_usages(deps.db, deps.clock.now() - _LATELY, _LATEST)

    def each(product: str) -> float:
        mean = means.get(product)
        return price.cost_usd(Usage(mean["input"], mean["cached"], mean["output"]) if mean else _AT_FIRST)

    return round(sum(count * each(product) for product, count in calls.items()), 4)
