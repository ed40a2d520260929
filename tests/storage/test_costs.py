"""What the ledger's entries come to, over the wire."""

from datetime import datetime, timedelta

import pytest

from storage.costs import By, Costs, costs_by, costs_of, section_costs
from storage.database import Database
from storage.ledger import open_entry, settle_entry, withdraw_entry
from storage.records.work import Settlement, Step
from tests.conftest import StoppedClock
from tests.storage.builders import ANSWERED, SILENT, TIMED_OUT, UNPRICED, section
from tests.storage.picking import pick

pytestmark = pytest.mark.anyio

REFUSED: Settlement = {**ANSWERED, "outcome": "refused"}


async def call(db: Database, at: datetime, about: Step, epoch: int, facts: Settlement | None) -> None:
    """Open an entry, and settle it with those facts, if any."""
    entry = await open_entry(db, about, epoch, at)
    if facts is not None:
        await settle_entry(db, entry, facts, at)


async def test_an_entry_holds_all_that_costs_are_summed_by(db: Database, clock: StoppedClock) -> None:
    """Order, report, product, section, tenant and day stand on the entry itself, before the call is made."""
    entry = await open_entry(db, section(tenant="aurora"), 3, clock.now())
    found = await pick(db.ledger, _id=entry)
    assert found == {
        "_id": "cs_1:book:write-one:3",
        "step": "cs_1:book:write-one",
        "order": "cs_1",
        "report": "cs_1:book",
        "product": "book",
        "section": "one",
        "tenant": "aurora",
        "run": 1,
        "state": "open",
        "opened_at": clock.now(),
        "day": "2026-03-01",
    }


async def test_an_order_without_calls_cost_nothing(db: Database) -> None:
    """Where nothing was asked for, the cost is known: 0."""
    assert await costs_of(db, "cs_1") == Costs()
    assert Costs().cost_usd == 0


async def test_tokens_and_dollars_of_an_order_are_summed(db: Database, clock: StoppedClock) -> None:
    """Every answered call counts, whatever became of its answer; another order's do not."""
    for epoch, facts in enumerate((ANSWERED, REFUSED)):
        await call(db, clock.now(), section(), epoch, facts)
    await call(db, clock.now(), section("cs_2"), 0, ANSWERED)
    costs = await costs_of(db, "cs_1")
    assert (costs.attempts, costs.settled, costs.possibly_paid) == (2, 2, 0)
    assert (costs.input_tokens, costs.cached_tokens, costs.output_tokens) == (2000, 800, 600)
    assert costs.cost_usd == costs.known_usd == 0.025


async def test_dollars_of_cache_writes_are_part_of_the_cost(db: Database, clock: StoppedClock) -> None:
    """They are summed by themselves, too. Those of a call from before they were written down are unknown."""
    stored: Settlement = {**ANSWERED, "cache_write_usd": 0.001}
    stored["usage"] = {**ANSWERED["usage"], "cache_write": 500}
    for epoch, facts in enumerate((stored, stored, ANSWERED)):
        await call(db, clock.now(), section(), epoch, facts)
    costs = await costs_of(db, "cs_1")
    assert (costs.cache_write_tokens, costs.cache_write_usd, costs.cost_usd) == (1000, 0.002, 0.0375)
    before: Settlement = {**ANSWERED, "usage": stored["usage"]}
    await call(db, clock.now(), section(), 3, before)
    costs = await costs_of(db, "cs_1")
    assert (costs.cache_write_tokens, costs.cache_write_usd, costs.cost_usd) == (1500, None, 0.05)


@pytest.mark.parametrize("facts", [None, TIMED_OUT, SILENT], ids=["open", "timed out", "not reached"])
async def test_what_nobody_answered_has_no_known_cost(
    db: Database, clock: StoppedClock, facts: Settlement | None
) -> None:
    """Calls of which no answer was heard cost nobody knows what, which is not 0, and are possibly paid."""
    await call(db, clock.now(), section(), 1, facts)
    costs = await costs_of(db, "cs_1")
    assert (costs.cost_usd, costs.settled, costs.possibly_paid) == (None, 0, 1)


async def test_one_unknown_price_makes_the_sum_unknown(db: Database, clock: StoppedClock) -> None:
    """A sum with a part of unknown price is None, beside what is known; its tokens are counted."""
    for epoch, facts in enumerate((ANSWERED, UNPRICED, TIMED_OUT, None)):
        await call(db, clock.now(), section(), epoch, facts)
    costs = await costs_of(db, "cs_1")
    assert (costs.cost_usd, costs.known_usd, costs.unpriced) == (None, 0.0125, 1)
    assert (costs.attempts, costs.possibly_paid, costs.output_tokens) == (4, 2, 600)


async def test_a_call_that_was_not_made_is_no_cost(db: Database, clock: StoppedClock) -> None:
    """An entry that was taken back before its call is gone; one that is settled stays."""
    await withdraw_entry(db, await open_entry(db, section(), 1, clock.now()))
    assert (await costs_of(db, "cs_1")).attempts == 0
    await call(db, clock.now(), section(), 2, ANSWERED)
    await withdraw_entry(db, "cs_1:book:write-one:2")
    assert (await costs_of(db, "cs_1")).attempts == 1


async def test_sections_are_listed_as_they_were_begun(db: Database, clock: StoppedClock) -> None:
    """Each section has its outcomes in order, each model once, and its own sum."""
    for name, epoch, facts in (
        ("two", 1, REFUSED),
        ("one", 1, ANSWERED),
        ("two", 2, UNPRICED),
        ("two", 3, None),
    ):
        await call(db, clock.now(), section(name=name), epoch, facts)
        clock.forward(1)
    (two, its), (one, other) = await section_costs(db, "cs_1")
    assert two == {
        "product": "book",
        "section": "two",
        "outcomes": ["refused", "written", "open"],
        "models": ["gpt-5-mini", "llama-9"],
    }
    assert (its.attempts, its.cost_usd, its.known_usd) == (3, None, 0.0125)
    assert (one["section"], other.cost_usd) == ("one", 0.0125)
    assert (its + other).known_usd == 0.025


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("order", [("cs_2", 3), ("cs_1", 2), ("cs_3", 1)]),
        ("product", [("book", 5), ("long", 1)]),
        ("tenant", [("main", 4), ("aurora", 2)]),
        ("day", [("2026-03-01", 1), ("2026-02-28", 2), ("2026-02-27", 3)]),
        ("model", [("gpt-5-mini", 5), ("llama-9", 1)]),
    ],
)
async def test_costs_are_summed_by_each_field(
    db: Database, clock: StoppedClock, by: By, expected: list[tuple[str, int]]
) -> None:
    """Days come newest first, everything else dearest first."""
    days = [clock.now() - timedelta(days=ago) for ago in range(3)]
    await call(db, days[0], section("cs_1"), 1, ANSWERED)
    await call(db, days[1], section("cs_1"), 2, ANSWERED)
    await call(db, days[1], section("cs_3", product="long"), 1, UNPRICED)
    for epoch in range(2):
        await call(db, days[2], section("cs_2", tenant="aurora"), epoch, ANSWERED)
    await call(db, days[2], section("cs_2"), 9, ANSWERED)
    found = await costs_by(db, by, days[2], clock.now() + timedelta(seconds=1), 10)
    assert [(name, costs.attempts) for name, costs in found] == expected


async def test_only_calls_of_the_time_asked_for_are_summed(db: Database, clock: StoppedClock) -> None:
    """The beginning belongs to the time, the end does not, within a day too."""
    begin = clock.now()
    for epoch in range(4):
        await call(db, clock.now(), section(), epoch, ANSWERED)
        clock.forward(60)
    found = await costs_by(db, "product", begin + timedelta(seconds=60), begin + timedelta(seconds=180), 10)
    assert [(name, costs.attempts) for name, costs in found] == [("book", 2)]


async def test_no_more_rows_than_asked_for(db: Database, clock: StoppedClock) -> None:
    """Of many orders the dearest are returned; a model that nobody knows is None."""
    for number in range(5):
        await call(db, clock.now(), section(f"cs_{number}"), 1, {**ANSWERED, "cost_usd": 0.01 * number})
    await call(db, clock.now(), section("cs_9"), 1, None)
    end = clock.now() + timedelta(seconds=1)
    assert [name for name, _ in await costs_by(db, "order", clock.now(), end, 2)] == ["cs_4", "cs_3"]
    assert [name for name, _ in await costs_by(db, "model", clock.now(), end, 9)] == ["gpt-5-mini", None]
