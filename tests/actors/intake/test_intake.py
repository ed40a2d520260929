"""The order book: facts only accumulate, so any order and any repetition of them ends in the same state."""

import itertools
import random
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from storage.errands import add_errand, settle_errand
from storage.order_state import order_state
from storage.orders import find_orders
from storage.records.orders import Errand, Order
from storage.reports import reports_of
from tests.actors.stories import COMPLETED, PAID, STORIES, WORDS, Purchase, Word, purchase
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def end_of(deps: Deps, purchases: list[Purchase]) -> list[tuple[str, int, bool]]:
    """Return the state in which each purchase ends."""
    ids = [one.session for one in purchases]
    found = {order["_id"]: order for order in await find_orders(deps.db, ids)}
    return [(order_state(found[key], []), found[key]["amount_refunded"], found[key]["on_hold"]) for key in ids]


@pytest.mark.parametrize("story", STORIES)
async def test_any_order_of_arrival_ends_in_the_same_state(deps: Deps, story: str) -> None:
    """Every permutation of a purchase's events ends alike, with the first of them repeated at the end."""
    words, end = STORIES[story]
    ways = list(itertools.permutations(words))
    ways = random.Random(1).sample(ways, min(len(ways), 30))  # five events have 120, six 720
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


@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), seed=st.integers(0, 2**32))
@settings(
    max_examples=15,
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


async def order_of(deps: Deps, one: Purchase) -> Order:
    """Return the order of a purchase."""
    (found,) = await find_orders(deps.db, [one.session])
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


async def test_an_errand_is_settled_as_it_was_seen(deps: Deps, clock: StoppedClock) -> None:
    """Settling one leaves the others; what was asked for anew since it was seen is still to be done."""
    one, later = purchase(), clock.now() + timedelta(hours=1)
    await apply_events(deps, [one.said(PAID)])
    await add_errand(deps.db, one.session, "ask_details", clock.now())
    await add_errand(deps.db, one.session, "heed_pause", clock.now())
    seen = await order_of(deps, one)
    await add_errand(deps.db, one.session, "heed_pause", later)
    settled: tuple[Errand, ...] = ("ask_details", "heed_pause", "start_order")
    for errand in settled:
        await settle_errand(deps.db, seen, errand, None)
    assert "ask_details" not in (found := (await order_of(deps, one))["errands"])
    assert found["heed_pause"] == later
    await settle_errand(deps.db, await order_of(deps, one), "heed_pause", later + timedelta(hours=1))
    assert (await order_of(deps, one))["errands"]["heed_pause"] == later + timedelta(hours=1)
