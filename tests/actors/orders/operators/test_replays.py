"""Replays as they were quoted, one by one and in bulk, by sweeps that may die."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.orders.operators.bulk import BulkIsNotLikeThat, make_bulk, take_up_bulk, turn
from actors.orders.operators.matching import Filter
from actors.orders.operators.quote import quote_dead
from actors.orders.operators.replays import (
    NothingToReplay,
    QuoteHasChanged,
    quote_order,
    replay_letter,
    replay_order,
)
from actors.reports.advance import give_up
from actors.reports.begin_report import begin_report
from actors.reports.replay import finish_replay
from actors.sweep.orders import carry_out_bulks
from storage.audit import Authority
from storage.bulk import failures_of, find_bulk, progress_of
from storage.dead_letters import dead_letters
from storage.records.mail import DeadLetter
from storage.reports import report_id
from storage.steps import steps_of
from tests.actors.builders import BOOK, ORDER, begun, finish, place, steps, working
from tests.conftest import StoppedClock
from tests.faults.dying import lives_until

pytestmark = pytest.mark.anyio

BY = Authority("Olga", "mended")
LONG = "personal_blueprint"


async def died(deps: Deps, number: int = 1) -> list[DeadLetter]:
    """Return the dead letters of so many orders, a section of each, whose messages are lost."""
    for _ in range(number):
        first = (await steps(deps, await begun(deps), "write"))[0]
        await give_up(deps, first, first["epoch"], "The provider says 503.")
    deps.broker.client.flushdb()
    return await dead_letters(deps.db, limit=100, state="open")


async def runs(deps: Deps, letters: Sequence[DeadLetter]) -> list[int]:
    """Return the runs of the steps that had died."""
    found = await deps.db.steps.find({"_id": {"$in": [letter["step"] for letter in letters]}}).to_list()
    return [step["run"] for step in found]


async def begin_bulk(deps: Deps, wanted: Filter | None = None, action: Any = "replayed") -> str:
    """Quote a bulk, and take it up as it was quoted."""
    bulk = await make_bulk(deps, wanted or Filter(), action)
    found = await find_bulk(deps.db, bulk)
    assert found is not None
    await take_up_bulk(deps, bulk, found["quote"]["fingerprint"], BY)
    return bulk


async def test_from_a_section_on_as_many_are_written_as_quoted(deps: Deps) -> None:
    """The section and all that follows from it are made again, dead ones too, and no other; a second try fails."""
    order = (await place(deps, amount_subtotal=4900, metadata=answers()))["_id"]
    report = report_id(order, LONG)
    await begin_report(deps, report)
    plan = await steps_of(deps.db, report)
    followed = {need for step in plan if step["kind"] == "write" for need in step["needs"]}
    first = next(step for step in plan if step["kind"] == "write" and step["needs"] and step["_id"] in followed)
    later = next(step for step in plan if step["kind"] == "write" and first["_id"] in step["needs"])
    await finish(deps, first, advanced=True)
    await give_up(deps, later, later["epoch"], "It failed.")
    quote = await quote_order(deps, order, None, first["section"])
    written = sum(step["kind"] == "write" for step in plan)
    assert quote.facts["reused"] + quote.facts["calls"] == written
    assert 2 <= quote.facts["calls"] < written
    assert quote.facts["mails"] == {"completion": 1}
    await replay_order(deps, order, quote.facts["fingerprint"], BY, None, first["section"])
    again = [step for step in await steps_of(deps.db, report) if step["run"] == 2 and step["kind"] == "write"]
    assert len(again) == quote.facts["calls"]
    assert await dead_letters(deps.db, limit=10, state="open") == []
    with pytest.raises(QuoteHasChanged):
        await replay_order(deps, order, quote.facts["fingerprint"], BY, None, first["section"])


def answers() -> dict[str, str]:
    """Return what a session of the long report names."""
    return {"product": LONG, "name": "Ada", "birth_date": "1990-12-10"}


async def test_what_another_death_keeps_from_being_made_is_not_quoted(deps: Deps) -> None:
    """Of two dead sections one alone is one call, and no mail; both are two, and the mail."""
    order = await begun(deps)
    first, second, *_ = await steps(deps, order, "write")
    for step in (first, second):
        await give_up(deps, step, step["epoch"], "It failed.")
    letter, _ = await dead_letters(deps.db, limit=2)
    alone, both = await quote_dead(deps, [letter["_id"]]), await quote_order(deps, order)
    assert (alone.facts["calls"], alone.facts["reused"], alone.facts["mails"]) == (1, 3, {})
    assert (both.facts["calls"], both.facts["reused"], both.facts["mails"]) == (2, 2, {"completion": 1})
    assert both.facts["usd"] is not None
    assert both.facts["usd"] == pytest.approx(2 * (alone.facts["usd"] or 0))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"stopped": True}, "It is refunded."),
        ({"letter": "refund"}, "It is being refunded."),
        ({"on_hold": True}, "It is disputed."),
        ({"pause": {"reason": "x", "holds": True, "number": 1}}, "It is paused."),
        ({"forgotten_at": 1}, "Its customer is forgotten."),
        ({"letter": "completion"}, "The completion letter of order"),
    ],
)
async def test_what_is_refused_is_named(deps: Deps, facts: dict[str, Any], why: str) -> None:
    """A letter of an order that must not be made again is refused by its id, with the reason; others are not."""
    letters = await died(deps, 2)
    refused, other = letters[0], letters[1]
    await deps.db.orders.update_one({"_id": refused["order"]}, {"$set": facts})
    quote = await quote_dead(deps, [refused["_id"], other["_id"], "unknown"])
    assert quote.subjects == [other["_id"]]
    assert quote.refused["unknown"] == "There is no such dead letter."
    assert quote.refused[refused["_id"]].startswith(why)
    alone = await quote_dead(deps, [refused["_id"]])
    with pytest.raises(NothingToReplay, match=why):
        await replay_letter(deps, refused["_id"], alone.facts["fingerprint"], BY)


async def test_an_order_that_changed_has_another_quote(deps: Deps) -> None:
    """What was quoted before a refund is not done after it, and neither is what was done already."""
    (letter,) = await died(deps)
    quote = (await quote_dead(deps, [letter["_id"]])).facts
    bulk = await make_bulk(deps, Filter(), "replayed")
    await deps.db.orders.update_one({"_id": letter["order"]}, {"$set": {"stopped": True}})
    with pytest.raises(QuoteHasChanged):
        await replay_letter(deps, letter["_id"], quote["fingerprint"], BY)
    with pytest.raises(QuoteHasChanged):
        await take_up_bulk(deps, bulk, quote["fingerprint"], BY)
    found = await find_bulk(deps.db, bulk)
    assert found is not None
    assert (found["state"], found["quote"]["letters"], found["quote"]["refused"]) == ("quoted", 0, 1)
    assert await runs(deps, [letter]) == [1]


async def test_letters_are_counted_by_their_kind(deps: Deps) -> None:
    """A refused mail is one mail and no call; what an event leads to is not counted, and said so."""
    await place(deps)
    now = deps.clock.now()
    death: Any = {"state": "open", "attempts": 1, "fails": False, "reason": "", "error": "", "traceback": ""}
    mail = {"_id": "mail", "kind": "errand", "errand": "confirm_order", "order": ORDER, "product": None}
    loose = {"_id": "event:1", "kind": "event", "order": None, "product": None}
    broken = {"_id": "message:1", "kind": "message", "order": None, "product": BOOK, "raw": b"{"}
    for one in (mail, loose, broken):
        letter: Any = {**death, **one, "step": None, "at": now}
        await deps.db.dead_letters.insert_one(letter)
    quote = await quote_dead(deps, ["mail", "event:1", "message:1"])
    assert (quote.facts["calls"], quote.facts["mails"], quote.facts["unknown"]) == (0, {"confirmation": 1}, 1)
    assert quote.refused == {"message:1": "It is no message; it can only be discarded."}


@pytest.mark.parametrize("write", range(1, 40, 3))
async def test_a_sweep_that_dies_has_each_letter_replayed_once(
    deps: Deps, clock: StoppedClock, write: int
) -> None:
    """Wherever it dies, another goes on after a while, and each step is made again once."""
    letters = await died(deps, 3)
    bulk = await begin_bulk(deps)
    await lives_until(write, lambda dying, _: carry_out_bulks(dying), working(deps), "")
    for _ in range(4):
        clock.forward(16)
        await finish_replays(deps)
        await carry_out_bulks(deps)
    found = await find_bulk(deps.db, bulk)
    assert found is not None
    assert (found["state"], await progress_of(deps.db, bulk)) == ("done", (0, 3, 0))
    assert await runs(deps, letters) == [2, 2, 2]
    assert await dead_letters(deps.db, limit=10, state="open") == []


async def finish_replays(deps: Deps) -> None:
    """Carry out the replays that a process left when it died, as a mail worker does."""
    for order in await deps.db.orders.find({"replay": {"$exists": True}}).to_list():
        await finish_replay(deps, order)


async def test_two_sweeps_do_each_letter_once(deps: Deps) -> None:
    """Both turn at once: one holds the bulk, and the trail has one entry for each letter."""
    letters = await died(deps, 5)
    bulk = await begin_bulk(deps)
    await asyncio.gather(carry_out_bulks(deps), carry_out_bulks(deps))
    assert await progress_of(deps.db, bulk) == (0, 5, 0)
    assert await runs(deps, letters) == [2] * 5
    assert await deps.db.audit.count_documents({"action": "replayed"}) == 5


async def test_fresh_orders_go_first(deps: Deps) -> None:
    """While messages of fresh orders wait for the product's workers, nothing of it is replayed."""
    letters = await died(deps, 2)
    bulk = await begin_bulk(deps)
    fresh = [await begun(deps) for _ in range(4)]
    await carry_out_bulks(deps)
    assert len(fresh) == 4
    assert (await runs(deps, letters), (await progress_of(deps.db, bulk)).left) == ([1, 1], 2)
    deps.broker.client.flushdb()  # as when they were taken
    await carry_out_bulks(deps)
    assert await runs(deps, letters) == [2, 2]


async def test_a_pause_holds(deps: Deps) -> None:
    """Nothing is replayed while it is paused, a second pause is refused, and what is resumed goes on."""
    letters = await died(deps, 2)
    bulk = await begin_bulk(deps, Filter(product=BOOK, since=deps.clock.now() - timedelta(days=1)))
    await turn(deps, bulk, "pause", BY)
    await carry_out_bulks(deps)
    assert await runs(deps, letters) == [1, 1]
    with pytest.raises(BulkIsNotLikeThat):
        await turn(deps, bulk, "pause", BY)
    await turn(deps, bulk, "resume", BY)
    await carry_out_bulks(deps)
    assert await runs(deps, letters) == [2, 2]


async def test_a_group_is_discarded(deps: Deps) -> None:
    """Letters of one cause are closed without being done, those of another cause stay open."""
    letters = await died(deps, 3)
    step = (await steps(deps, await begun(deps), "write"))[1]
    await give_up(deps, step, step["epoch"], "Something else.")
    groups = {letter["group"] for letter in letters}
    assert len(groups) == 1
    bulk = await begin_bulk(deps, Filter(group=groups.pop()), "discarded")
    await carry_out_bulks(deps)
    assert (await progress_of(deps.db, bulk)).done == 3
    assert await runs(deps, letters) == [1, 1, 1]
    assert [letter["step"] for letter in await dead_letters(deps.db, limit=10, state="open")] == [step["_id"]]


async def test_what_became_impossible_is_listed_with_its_reason(deps: Deps) -> None:
    """A letter whose order was refunded after the bulk began is named, and the others are replayed."""
    letters = await died(deps, 2)
    bulk = await begin_bulk(deps)
    await deps.db.orders.update_one({"_id": letters[0]["order"]}, {"$set": {"stopped": True}})
    await carry_out_bulks(deps)
    assert await failures_of(deps.db, bulk) == [{"letter": letters[0]["_id"], "why": "It is refunded."}]
    assert (await progress_of(deps.db, bulk)) == (0, 1, 1)
