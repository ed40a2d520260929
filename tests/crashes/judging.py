"""Judging of one order after all is over: what was promised to its customer, and what the records say of it."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from actors.products.catalogue import OFFERS
from infra.local.mail.letters import Letter
from tests.crashes.edges import Note
from tests.crashes.lane import StuckError
from tests.crashes.scenarios import Case, Scenario
from tests.infra.local.stripe_client import connect

#: An errand that is due later is for a time that may come. One that does not end is sent again every 15 s.
_SOON = timedelta(minutes=1)
_LETTER, _RECORDED = "mail the letter", "storage/deliveries.py mark_sent"
_ENTERED, _SETTLED = "mongodb insert ledger", "storage/ledger.py settle_entry"


def judge(case: Case, scenario: Scenario, notes: Sequence[Note]) -> list[str]:
    """Return what is wrong, a line each. `notes` are all of the case, deaths included."""
    try:
        case.lane.until("rest", lambda: not [*_unfinished(case)], case.lane.patience_s / 2)
    except StuckError:
        return [*_unfinished(case)]
    dead = {note.pid for note in notes if note.moment == "died"} | {*case.killed}
    return [
        *_letters(case, scenario, dead, notes),
        *_money(case, scenario),
        *_calls(case, scenario),
        *_purchases(case, dead, notes),
        *_books(case, scenario),
        *case.lane.ends,
    ]


def _unfinished(case: Case) -> Iterator[str]:
    """Yield what is still on its way."""
    yield from _unfinished_work(case)
    yield from _unfinished_errands(case)
    for event in case.db.events.find({"state": "new"}):
        yield f"event {event['type']} is new"
    for queue in case.lane.redis.scan_iter("dramatiq:*.msgs"):
        yield f"messages lie in {queue.decode()}"
    live = [part.pid for part in case.lane.running()]
    for worker in case.db.workers.find({"pid": {"$nin": live}}):
        yield f"dead worker {worker['pid']} is on the register"


def _unfinished_work(case: Case) -> Iterator[str]:
    for step in case.db.steps.find({"order": case.order, "state": {"$ne": "done"}}):
        yield f"step {step['key']} is {step['state']}"
    for step in case.db.steps.find({"order": case.order, "state": "done", "advanced": False}):
        yield f"step {step['key']} is not advanced"
    for report in case.db.reports.find({"order": case.order}):
        if any(report["slots"].values()):
            yield f"report {report['product']} holds slots {report['slots']}"


def _unfinished_errands(case: Case) -> Iterator[str]:
    for delivery in case.db.deliveries.find({"order": case.order, "state": {"$ne": "sent"}}):
        yield f"letter {delivery['kind']} is {delivery['state']}"
    order, soon = case.record(), datetime.now(UTC) + _SOON
    for errand, due_at in order["errands"].items() if order else ():
        if due_at < soon:
            yield f"errand {errand} is open"


def _letters(case: Case, scenario: Scenario, dead: Collection[int], notes: Sequence[Note]) -> Iterator[str]:
    letters = case.lane.pressroom.stack.inbox.letters(to=case.email)
    ids: dict[str, set[str]] = {}
    for letter in letters:
        ids.setdefault(_kind(letter), set()).add(letter.headers["Message-ID"])
    kinds = Counter(map(_kind, letters))
    for kind in scenario.letters - kinds.keys():
        yield f"letter {kind} never came"
    for kind in kinds.keys() - scenario.letters:
        yield f"letter {kind} came"
    for kind, several in ids.items():
        if len(several) > 1:
            yield f"letter {kind} came under {len(several)} ids"
    repeats = sum(kinds.values()) - len(kinds)
    if repeats > _in_doubt(dead, notes):
        yield f"{repeats} letters came twice"


def _kind(letter: Letter) -> str:
    return letter.headers["X-Pressroom-Mail"]


def _in_doubt(dead: Collection[int], notes: Sequence[Note]) -> int:
    """Return how many letters had gone out, and were not on record yet, when their process died."""
    passed = [note.edge for note in notes if note.pid in dead and note.moment == "after"]
    sent = sum(edge.effect == _LETTER for edge in passed)
    return sent - sum(edge.site.startswith(_RECORDED) for edge in passed)


def _money(case: Case, scenario: Scenario) -> Iterator[str]:
    refunds = connect(case.lane.pressroom.stack).v1.refunds.list({"payment_intent": case.intent}).data
    given = [refund.amount for refund in refunds]
    if given != ([scenario.refunded] if scenario.refunded else []):
        yield f"Stripe gave back {given}"
    is_delivered = bool(case.record(delivered_at={"$ne": None}))
    if is_delivered == bool(scenario.refunded):
        yield f"the order is {'' if is_delivered else 'not '}delivered"


def _calls(case: Case, scenario: Scenario) -> Iterator[str]:
    """Yield what called an operator for nothing."""
    for alert in case.db.alerts.find({"at": {"$gte": case.began_at}}):
        if not (scenario.calls and alert["order"] == case.order):
            yield f"alert {alert['kind']}: {alert['text']}"
    letters = case.db.dead_letters.count_documents({"at": {"$gte": case.began_at}})
    if letters > scenario.calls:
        yield f"{letters} dead letters"


def _purchases(case: Case, dead: Collection[int], notes: Sequence[Note]) -> Iterator[str]:
    """Yield sections that were bought twice though no call for them was in the air at a death."""
    entries = list(case.db.ledger.find({"order": case.order}))
    asked = Counter(request.section for request in case.lane.pressroom.stack.llm.requests(order=case.order))
    entered = Counter(entry["section"] for entry in entries)
    opened = Counter(entry["section"] for entry in entries if entry["state"] == "open")
    answered = Counter(entry["section"] for entry in entries if entry.get("usage"))
    for section, times in entered.items():
        failed = times - opened[section] - answered[section]
        if answered[section] > 1 or asked[section] > times or asked[section] < times - opened[section]:
            yield f"section {section}: {asked[section]} requests, {answered[section]} answers, {times} entries"
        if failed > (section in case.faulted):
            yield f"section {section} failed {failed} times"
    if opened.total() > (most := _in_the_air(dead, notes)):
        yield f"{opened.total()} entries are open, and {most} calls were in the air"


def _in_the_air(dead: Collection[int], notes: Sequence[Note]) -> int:
    """Return how many calls processes had entered, and not settled, when they died."""
    theirs = [note for note in notes if note.pid in dead]
    entered = sum(note.moment == "before" and note.edge.effect == _ENTERED for note in theirs)
    return entered - sum(note.moment == "after" and note.edge.site.startswith(_SETTLED) for note in theirs)


def _books(case: Case, scenario: Scenario) -> Iterator[str]:
    """Yield reports whose file is not what is on record."""
    order = case.record()
    if order is None or scenario.refunded or "forgotten_at" in order:
        return
    reports = {report["product"]: report for report in case.db.reports.find({"order": case.order})}
    if {*reports} != {*OFFERS[scenario.product].reports}:
        yield f"there are reports of {sorted(reports)}"
    for product, report in reports.items():
        pdf = report["pdf"]
        if pdf is None or report["state"] != "stored":
            yield f"report {product} is {report['state']}"
        elif hashlib.sha256(case.lane.pressroom.stored(pdf["key"])).hexdigest() != pdf["sha256"]:
            yield f"the file of {product} is not the one on record"
