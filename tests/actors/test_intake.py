"""The order book: facts only accumulate, so any order and any repetition of them ends in the same state."""

import itertools
import json
import random
import uuid
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actors.deps import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.news import Event
from storage.database import Document
from storage.errands import end_errand
from storage.order_state import order_state
from storage.orders import find_orders
from storage.reports import reports_of
from tests.actors.test_sweep import event

pytestmark = pytest.mark.anyio

#: A word of Stripe's about one purchase: the event's type, what is said of the object, and when (seconds).
Word = tuple[str, dict[str, Any], int]

COMPLETED: Word = ("checkout.session.completed", {"payment_status": "unpaid"}, 1)
PAID: Word = ("checkout.session.async_payment_succeeded", {"payment_status": "paid"}, 2)
FAILED: Word = ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, 2)
EXPIRED: Word = ("checkout.session.expired", {"payment_status": "unpaid"}, 2)
PART: Word = ("charge.refunded", {"amount": 1900, "amount_refunded": 500, "refunded": False}, 3)
WHOLE: Word = ("charge.refunded", {"amount": 1900, "amount_refunded": 1900, "refunded": True}, 4)
BOUNCED: Word = ("refund.failed", {"id": "re_1", "amount": 1400, "status": "failed"}, 5)
DISPUTED: Word = ("charge.dispute.created", {"id": "dp_1", "status": "needs_response"}, 3)
WON: Word = ("charge.dispute.closed", {"id": "dp_1", "status": "won"}, 6)
LOST: Word = ("charge.dispute.closed", {"id": "dp_1", "status": "lost"}, 6)

#: What may befall one purchase, and where that must end: state, amount refunded, on hold, reports.
STORIES: dict[str, tuple[tuple[Word, ...], tuple[str, int, bool, int]]] = {
    "unpaid": ((COMPLETED,), ("awaiting_payment", 0, False, 0)),
    "paid late": ((COMPLETED, PAID), ("paid", 0, False, 1)),
    "never paid": ((COMPLETED, FAILED), ("cancelled", 0, False, 0)),
    "expired": ((EXPIRED,), ("cancelled", 0, False, 0)),
    "paid, whatever else is said": ((COMPLETED, PAID, FAILED, EXPIRED), ("paid", 0, False, 1)),
    "refunded in part": ((COMPLETED, PAID, PART), ("paid", 500, False, 1)),
    "refunded": ((COMPLETED, PAID, PART, WHOLE), ("refunded", 1900, False, 0)),
    "refund bounced": ((COMPLETED, PAID, PART, WHOLE, BOUNCED), ("needs_attention", 500, False, 1)),
    "disputed": ((COMPLETED, PAID, DISPUTED), ("paid", 0, True, 1)),
    "dispute won": ((COMPLETED, PAID, DISPUTED, WON), ("paid", 0, False, 1)),
    "dispute lost": ((COMPLETED, PAID, DISPUTED, LOST), ("needs_attention", 0, True, 1)),
    "everything": ((COMPLETED, PAID, PART, WHOLE, DISPUTED, WON), ("refunded", 1900, False, 0)),
}


class Purchase(NamedTuple):
    """One purchase, to which the words of a story are said."""

    key: str

    def said(self, word: Word) -> Event:
        """Return a fresh event that says that word of this purchase."""
        kind, facts, at = word
        body = json.loads(event(f"cs_{self.key}"))
        body |= {"id": f"evt_{uuid.uuid4().hex}", "type": kind, "created": 1_700_000_000 + at}
        if kind.startswith("checkout.session."):
            body["data"]["object"] |= {"payment_intent": f"pi_{self.key}", **facts}
        else:
            body["data"]["object"] = {"id": f"ch_{self.key}", "payment_intent": f"pi_{self.key}", **facts}
        return Event(body["id"], kind, json.dumps(body).encode())


def purchase() -> Purchase:
    """Return a purchase of its own."""
    return Purchase(uuid.uuid4().hex)


async def end_of(deps: Deps, purchases: list[Purchase]) -> list[tuple[str, int, bool]]:
    """Return where each purchase stands."""
    ids = [f"cs_{one.key}" for one in purchases]
    found = {order["_id"]: order for order in await find_orders(deps.db, ids)}
    return [(order_state(found[key], []), found[key]["amount_refunded"], found[key]["on_hold"]) for key in ids]


@pytest.mark.parametrize("story", STORIES)
async def test_any_order_of_arrival_ends_in_the_same_state(deps: Deps, story: str) -> None:
    """Every permutation of a purchase's events ends alike, with the first of them repeated at the end."""
    words, end = STORIES[story]
    ways = list(itertools.permutations(words))
    ways = random.Random(1).sample(ways, min(len(ways), 60))  # five events have 120, six 720
    purchases = [purchase() for _ in ways]
    for nth in range(len(words)):
        await apply_events(deps, [one.said(way[nth]) for one, way in zip(purchases, ways, strict=True)])
    await apply_events(deps, [one.said(way[0]) for one, way in zip(purchases, ways, strict=True)])
    assert set(await end_of(deps, purchases)) == {end[:3]}


@pytest.mark.parametrize("story", STORIES)
async def test_all_that_is_said_at_once_ends_in_the_same_state(deps: Deps, story: str) -> None:
    """A purchase whose events all come in one round, each of them twice, ends where they would lead one by one."""
    words, end = STORIES[story]
    one = purchase()
    await apply_events(deps, [one.said(word) for word in (*words, *reversed(words))])
    assert await end_of(deps, [one]) == [end[:3]]


@pytest.mark.parametrize("story", STORIES)
async def test_told_in_order_a_purchase_has_its_reports_once(deps: Deps, story: str) -> None:
    """What is paid for and not given back before it was placed has one report a product; nothing else has any."""
    words, end = STORIES[story]
    one = purchase()
    # Returned money first: an order that is refunded before it is placed is never begun.
    for word in sorted(words, key=lambda word: word[0].startswith("checkout.session.")):
        await apply_events(deps, [one.said(word)])
    assert len(await reports_of(deps.db, [await order_of(deps, one)])) == end[3]


FACTS = st.sampled_from([COMPLETED, PAID, FAILED, EXPIRED, PART, WHOLE, BOUNCED, DISPUTED, WON, LOST])


@given(words=st.lists(FACTS, min_size=1, max_size=8), seed=st.integers(0, 2**32))
@settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.generate,),
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_shuffle_and_no_repetition_of_any_words_changes_the_end(
    deps: Deps, words: list[Word], seed: int
) -> None:
    """Even words that no real purchase hears together lead to one end, however they are shuffled and repeated."""
    first, second, order = purchase(), purchase(), random.Random(seed)
    words = [COMPLETED, *words]
    shuffled = words + order.sample(words, len(words) // 2)
    order.shuffle(shuffled)
    for word in words:
        await apply_events(deps, [first.said(word)])
    for word in shuffled:
        await apply_events(deps, [second.said(word)])
    one, other = await end_of(deps, [first, second])
    assert one == other


async def order_of(deps: Deps, one: Purchase) -> Document:
    """Return the order of a purchase."""
    (found,) = await find_orders(deps.db, [f"cs_{one.key}"])
    return found


async def test_an_event_that_breaks_does_not_keep_its_round_from_being_applied(deps: Deps) -> None:
    """Of a round of events the one that cannot be read is an operator's, and the others are placed."""
    well, ill = purchase(), purchase()
    broken = ill.said(("charge.refunded", {"amount": "much"}, 3))
    await apply_events(deps, [broken, well.said(PAID)])
    assert (await order_of(deps, well))["paid_at"] is not None
    assert await deps.db.dead_letters.count_documents({"_id": f"event:{broken.id}"}) == 1


async def test_what_was_recorded_of_a_round_is_sent_in_one_go(deps: Deps) -> None:
    """Ten orders that come at once leave ten messages, each under the id that its report names."""
    purchases = [purchase() for _ in range(10)]
    await finish_events(deps, await apply_events(deps, [one.said(PAID) for one in purchases]))
    reports = await reports_of(deps.db, [await order_of(deps, one) for one in purchases])
    assert deps.broker.holds("life_clarity", [report["message"] for report in reports]) == {
        report["message"] for report in reports
    }


async def test_an_errand_that_is_done_is_forgotten(deps: Deps) -> None:
    """Ending an errand leaves the others of the order."""
    one = purchase()
    await apply_events(deps, [one.said(PAID)])
    await deps.db.orders.update_one({}, {"$set": {"errands": {"ask_details": 1, "start_order": 1}}})
    await end_errand(deps.db, f"cs_{one.key}", "ask_details")
    assert (await order_of(deps, one))["errands"] == {"start_order": 1}
