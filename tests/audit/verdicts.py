"""Judges an order by what the outside world has seen of it, beside what the system itself has on record."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from actors.audit.evidence import Evidence, Violation
from actors.audit.purchases import epoch_of
from infra.local.llm.exchange import Record
from storage.grouping import grouped
from storage.records.work import LedgerEntry, Step
from tests.audit.world import World, links_of

Rule = Callable[["Case"], Iterator[Violation]]


class Case(NamedTuple):
    """An order: what the system knows of it, with texts, and the world. `owners` are all orders, by their PDFs."""

    own: Evidence
    world: World
    owners: Mapping[str, str]

    @property
    def id(self) -> str:
        """The order's id."""
        return self.own.order["_id"]

    def violation(self, kind: str, text: str) -> Violation:
        """Return a violation of this order's."""
        return Violation(self.id, kind, text)  # type: ignore[arg-type]


def judge_outside(case: Case) -> list[Violation]:
    """Return what is wrong with an order of a system in which nothing is under way any more."""
    return list(chain.from_iterable(rule(case) for rule in _RULES))


def _end(case: Case) -> Iterator[Violation]:
    """Judge whether it has come to an end that the world has noticed."""
    state, paid = case.own.state, case.world.paid.get(case.id)
    if paid is None:
        yield case.violation("lost", "There is an order, and nobody paid at the till.")
    elif paid.refunded == paid.amount and state != "refunded":
        yield case.violation("ending", f"All of its money went back at the till, and it is {state}.")
    if state == "needs_attention" and case.id not in case.world.posts + case.world.mails:
        yield case.violation("silent", "It waits for an operator, and none heard of it.")
    if state not in {"needs_attention", "delivered", "refunded", "cancelled"}:
        yield case.violation("silent", f"Everything is quiet, and it is {state}.")
    kinds = {letter.headers["X-Pressroom-Mail"] for letter in case.world.letters.get(case.id, ())}
    if {"completion", "refund"} <= kinds:
        yield case.violation("ending", "Its customer was told of a refund, and of the reports.")


def _alerts(case: Case) -> Iterator[Violation]:
    """Judge whether each alert that counts as told came to whom it was told."""
    named = {"hook": case.id in case.world.posts, "mail": case.id in case.world.mails}
    for alert in case.own.alerts:
        missing = [way for way in alert["told"] if not named.get(way, True)]
        if missing:
            yield case.violation(
                "untold", f"The alert {alert['kind']} counts as told by {missing}, where it is not."
            )


def _letter(case: Case) -> Iterator[Violation]:
    """Judge the completion mail: one, to whom paid, with the reports that are on record."""
    letters, paid = case.world.completions(case.id), case.world.paid.get(case.id)
    if case.own.state == "delivered" and not letters:
        yield case.violation("mail", "It is delivered, and no completion mail came.")
    asked = sum(one["tries"] for one in case.own.deliveries if one["kind"] == "completion")
    ids = {letter.headers["Message-ID"] for letter in letters}
    if len(ids) > 1 or len(letters) > max(asked, 1):
        yield case.violation("mail", f"{len(letters)} completion mails came, of {len(ids)} ids, in {asked} tries.")
    # Each but the last must have come again for a reason: nobody knew that it had come.
    excused = sum(map(case.world.is_in_doubt, letters[:-1]))
    if len(letters) > 1 + excused:
        yield case.violation(
            "mail", f"{len(letters)} completion mails came, {excused} before others at accidents."
        )
    for letter in letters:
        if paid and letter.recipients != [paid.email]:
            yield case.violation("mail", "Its completion mail went to another address.")
        if case.own.state != "delivered" or case.own.order["on_hold"]:
            continue  # its links bring nothing any more
        brought = [case.world.files.get(link) for link in links_of(letter)]
        wanted = [report["pdf"]["sha256"] for report in case.own.reports if report["pdf"]]
        if Counter(brought) != Counter(wanted) or len(wanted) != len(case.own.order["products"]):
            yield case.violation("mail", _what_it_brings(case, brought))


def _what_it_brings(case: Case, brought: list[str | None]) -> str:
    owners = {case.owners.get(one or "") for one in brought} - {case.id, None}
    whose = f"those of {', '.join(sorted(filter(None, owners)))}" if owners else "other files"
    return f"Its completion mail brings {whose}, not the {len(case.own.order['products'])} on record."


def _ledger(case: Case) -> Iterator[Violation]:
    """Judge whether the ledger has what the provider was asked for: each call once, and each answer."""
    calls = Counter(call.request_id for call in case.world.calls.get(case.id, ()))
    entries = {entry["_id"] for entry in case.own.purchases}
    answered = {entry["_id"] for entry in case.own.purchases if "usage" in entry}
    for request, times in calls.items():
        if request not in entries:
            yield case.violation("ledger", f"The provider was asked for {request}, which the ledger lacks.")
        elif times > 1:
            yield case.violation("purchase", f"The provider was asked {times} times under {request}.")
    for missing in answered - calls.keys():
        yield case.violation("ledger", f"The ledger has an answer under {missing}, and the provider gave none.")


def _sections(case: Case) -> Iterator[Violation]:
    """Judge whether each section was bought once, but for what was in the air at an accident."""
    calls = {call.request_id: call for call in case.world.calls.get(case.id, ())}
    entries = grouped(case.own.purchases, itemgetter("step"))
    for step in case.own.steps:
        if step["kind"] == "write":
            own = entries.get(step["_id"], [])
            yield from _purchases(case, step, own, calls)
            yield from _holder(case, step, own, calls)


def _purchases(
    case: Case, step: Step, entries: list[LedgerEntry], calls: Mapping[str | None, Record]
) -> Iterator[Violation]:
    known = [entry for entry in entries if entry["_id"] in calls]
    lost = sum(case.world.in_the_air(calls[entry["_id"]]) for entry in known)
    written = sum(entry.get("outcome") == "written" for entry in known)
    if written > 1 + lost:
        yield case.violation(
            "purchase", f"Section {step['section']} was bought {written} times, {lost} at accidents."
        )
    for entry in known:
        if entry["state"] == "open" and not case.world.in_the_air(calls[entry["_id"]]):
            apart = case.world.how_far_apart(calls[entry["_id"]])
            yield case.violation(
                "ledger", f"The entry {entry['_id']} is open, and no process died with it: {apart}."
            )


def _holder(
    case: Case, step: Step, entries: list[LedgerEntry], calls: Mapping[str | None, Record]
) -> Iterator[Violation]:
    """Judge whether a section has the answer that its last holder bought: each has a word of its own."""
    text = (step.get("result") or {}).get("text")
    if step["state"] != "done" or text is None:
        return
    whose = [request for request, call in calls.items() if call.word in text]
    last = [one["_id"] for one in entries if epoch_of(one) == step["epoch"] and one.get("outcome") == "written"]
    if not whose:
        yield case.violation("stale", f"Section {step['section']} has a text that the provider never gave.")
    elif last and last[0] not in whose:
        yield case.violation("stale", f"Section {step['section']} has an answer of {whose[0]}.")


_RULES: tuple[Rule, ...] = (_end, _alerts, _letter, _ledger, _sections)
