"""Replays in today's words: as quoted, what says the same is kept, and all else is made anew, wherever it dies."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.orders.errands.restart import resume_replay
from actors.orders.operators.bulk import make_bulk, take_up_bulk
from actors.orders.operators.matching import Filter
from actors.orders.operators.quote import quote_dead
from actors.orders.operators.replays import NothingToReplay, QuoteHasChanged, quote_order, replay_order
from actors.products.catalogue import PRODUCTS
from actors.products.definition import Chapter, Product, Section
from actors.products.plans import plan_of
from actors.reports.advance import finish_report, give_up
from actors.reports.begin_report import begin_report
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from actors.reports.replay import Words
from actors.sweep.orders import carry_out_bulks
from storage.audit import Authority
from storage.bulk import find_bulk, progress_of
from storage.dead_letters import dead_letters
from storage.records.work import Step, StepResult
from storage.reports import report_id
from storage.steps import steps_of
from tests.actors.builders import (
    BOOK,
    answering,
    begun,
    finish,
    placed,
    present,
    report_of,
    state,
    sweep,
    working,
)
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before, lives_until
from tests.products.selling import catalogue_kept

pytestmark = pytest.mark.anyio

BY = Authority("Olga", "the prompt was wrong")
KEPT, CHANGED, GONE, DEAD, NEW = (
    "where_you_stand",
    "what_pulls_you",
    "question_beneath",
    "next_six_weeks",
    "what_now",
)

BOUND: StepResult = {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000}


def as_today(old: Product) -> Product:
    """Return the product with one section changed, one gone, one new, and its chapters accordingly."""
    kept, changed, _, last = old.sections
    sections = (kept, replace(changed, title="What Really Pulls You"), last, Section(NEW, "What Now", brief=KEPT))
    return replace(
        old, sections=sections, chapters=tuple(Chapter(one.id, one.title, (one.id,)) for one in sections)
    )


@pytest.fixture(autouse=True)
def kept_catalogue() -> Iterator[None]:
    """Leave the catalogue as it was."""
    with catalogue_kept():
        yield


async def stuck(deps: Deps) -> str:
    """Return an order with three sections written and one dead, whose product then changes."""
    order = await begun(deps)
    for section in (KEPT, CHANGED, GONE):
        await perform(working(deps), order, f"{order}:{BOOK}:write-{section}", answering({"text": section}))
    dead = await state(deps, await step_of(deps, order, f"write-{DEAD}"))
    await give_up(deps, dead, dead["epoch"], "The provider says 503.")
    PRODUCTS[BOOK] = as_today(PRODUCTS[BOOK])
    return order


async def made(deps: Deps) -> str:
    """Return an order whose report is stored, and whose letter is not chosen."""
    order = await begun(deps)
    for step in await steps_of(deps.db, report_id(order, BOOK)):
        await finish(deps, step, result=BOUND, advanced=True)
    await deps.objects.put(BOUND["object"], b"%PDF")
    await finish_report(deps, await step_of(deps, order, "assemble"))
    return order


async def step_of(deps: Deps, order: str, key: str) -> Step:
    """Return the step of a key, which must be there."""
    return next(step for step in await steps_of(deps.db, report_id(order, BOOK)) if step["key"] == key)


async def replayed(deps: Deps, order: str, words: Words = "today", section: str | None = None) -> None:
    """Replay an order as it is quoted."""
    quote = await quote_order(deps, order, None, section, words)
    await replay_order(deps, order, quote.facts["fingerprint"], BY, None, section, words)


async def standing(deps: Deps, order: str) -> dict[str, tuple[str, int]]:
    """Return the state and the run of each section."""
    steps = await steps_of(deps.db, report_id(order, BOOK))
    return {step["section"]: (step["state"], step["run"]) for step in steps if step["section"]}


AFTER = {KEPT: ("done", 1), CHANGED: ("queued", 2), DEAD: ("queued", 2), NEW: ("queued", 2)}


async def test_the_quote_says_what_differs_and_is_what_is_done(deps: Deps) -> None:
    """Changed, new and dropped sections are named; what says the same is reused; a second try finds nothing."""
    order = await stuck(deps)
    facts = (await quote_order(deps, order, words="today")).facts
    assert facts["words"] == {
        "changed": {f"{BOOK}:{CHANGED}": 1},
        "new": {f"{BOOK}:{NEW}": 1},
        "gone": {f"{BOOK}:{GONE}": 1},
        "rewritten": 1,
    }
    assert (facts["reused"], facts["calls"], facts["mails"]) == (1, 3, {"completion": 1})
    assert facts["usd"]
    await replayed(deps, order)
    assert await standing(deps, order) == AFTER
    assert (await report_of(deps, order))["plan"] == plan_of(PRODUCTS[BOOK])["_id"]
    assert await dead_letters(deps.db, limit=10, state="open") == []
    with pytest.raises(NothingToReplay, match="today's"):
        await replayed(deps, order)


async def test_pinned_words_are_the_default(deps: Deps) -> None:
    """Without a choice the report keeps the plan that it was begun with, and only what is dead is bought."""
    order = await stuck(deps)
    plan = (await report_of(deps, order))["plan"]
    quote = await quote_order(deps, order)
    assert ("words" in quote.facts, quote.facts["calls"]) == (False, 1)
    await replayed(deps, order, "pinned")
    assert (await report_of(deps, order))["plan"] == plan
    assert await standing(deps, order) == {
        KEPT: ("done", 1), CHANGED: ("done", 1), GONE: ("done", 1), DEAD: ("queued", 2)
    }  # fmt: skip


async def test_the_report_goes_on_to_its_last_step_in_its_new_shape(deps: Deps) -> None:
    """The chapters of today's plan are set, none is of yesterday's, and the book follows."""
    order = await stuck(deps)
    await replayed(deps, order)
    for _ in range(4):
        await sweep(deps)
        for step in await steps_of(deps.db, report_id(order, BOOK)):
            if step["state"] == "queued" and step["kind"] != "assemble":
                await perform(working(deps), order, step["_id"], answering({"text": "Words.", "object": "o"}))
    steps = await steps_of(deps.db, report_id(order, BOOK))
    assert [step["key"] for step in steps] == list(plan_of(PRODUCTS[BOOK])["steps"])
    assert [step["state"] for step in steps] == ["done"] * 8 + ["queued"]
    assert {step["plan"] for step in steps} == {plan_of(PRODUCTS[BOOK])["_id"]}


async def test_a_report_of_which_nothing_differs_is_bound_again(deps: Deps) -> None:
    """Another pace makes another plan: nothing is bought, and the new run ends like any other."""
    order = await made(deps)
    product = PRODUCTS[BOOK]
    PRODUCTS[BOOK] = replace(product, pace=replace(product.pace, max_in_flight=9))
    assert (await quote_order(deps, order, words="today")).facts["calls"] == 0
    await replayed(deps, order)
    await perform(working(deps), order, f"{order}:{BOOK}:assemble", answering(BOUND))
    found = await present(deps, order)
    assert (found["run"], found["stored"], found["stored_at"]) == ({BOOK: 2}, [BOOK], deps.clock.now())


async def test_a_section_in_the_air_is_bought_in_todays_words(deps: Deps) -> None:
    """An answer that comes after the replay was asked for in yesterday's, and is dropped."""
    order = await begun(deps)

    async def changed_meanwhile(claim: Claim) -> StepResult:
        PRODUCTS[BOOK] = as_today(PRODUCTS[BOOK])
        await replayed(deps, claim.order["_id"])
        return {"text": "Yesterday's."}

    await perform(working(deps), order, f"{order}:{BOOK}:write-{KEPT}", changed_meanwhile)
    assert (await step_of(deps, order, f"write-{KEPT}"))["state"] == "queued"
    assert {run for _, run in (await standing(deps, order)).values()} == {2}


async def test_from_a_section_on_in_todays_words(deps: Deps) -> None:
    """The section is made again beside all that differs, and the quote counts both."""
    order = await stuck(deps)
    facts = (await quote_order(deps, order, None, KEPT, "today")).facts
    assert (facts["calls"], facts["reused"], facts["words"]["rewritten"]) == (4, 0, 1)
    await replayed(deps, order, "today", KEPT)
    assert await standing(deps, order) == {**AFTER, KEPT: ("queued", 2)}


async def test_a_deploy_while_the_quote_is_on_view_makes_another(deps: Deps) -> None:
    """What was quoted in other words than today's by now is not done."""
    order = await stuck(deps)
    quote = await quote_order(deps, order, words="today")
    PRODUCTS[BOOK] = replace(PRODUCTS[BOOK], subtitle="Other words")
    with pytest.raises(QuoteHasChanged):
        await replay_order(deps, order, quote.facts["fingerprint"], BY, words="today")


@pytest.mark.parametrize("write", range(1, 34, 3))
async def test_a_process_that_dies_at_it_leaves_it_to_another(deps: Deps, clock: StoppedClock, write: int) -> None:
    """Wherever it dies, a mail worker finishes it, and the report is as if nobody had died."""
    order = await stuck(deps)
    await lives_until(write, replayed, working(deps), order)
    found = await deps.db.orders.find_one({"_id": order})
    assert found is not None
    if "replay" in found:
        await resume_replay(deps, found)
        assert await dead_letters(deps.db, limit=10, state="open") == []
    elif found["run"][BOOK] == 1:
        await replayed(deps, order)
    clock.forward(16)
    await sweep(deps)
    assert await standing(deps, order) == AFTER
    assert len(await steps_of(deps.db, report_id(order, BOOK))) == len(plan_of(PRODUCTS[BOOK])["steps"])


@pytest.mark.parametrize("by_then", ["running", "stored"])
@pytest.mark.parametrize("write", range(5))
async def test_a_worker_that_was_frozen_as_it_began_the_report_leaves_no_step_of_its_plan(
    deps: Deps, write: int, by_then: str
) -> None:
    """It wakes when an operator has replayed the report in today's words, and perhaps all of it is made."""
    order = await placed(deps)

    async def begin(worker: Deps, order: str) -> None:
        await begin_report(worker, report_id(order, BOOK))

    async with frozen_before(write, begin, working(deps), order):
        await begin_report(deps, report_id(order, BOOK))
        PRODUCTS[BOOK] = as_today(PRODUCTS[BOOK])
        await replayed(deps, order)
        await deps.db.reports.update_one({"order": order}, {"$set": {"state": by_then}})
    found = await steps_of(deps.db, report_id(order, BOOK))
    assert [step["key"] for step in found] == list(plan_of(PRODUCTS[BOOK])["steps"])


async def test_in_bulk_each_report_is_made_again_once(deps: Deps) -> None:
    """Two dead sections of a report are one replay in today's words, and both letters count as done."""
    order = await stuck(deps)
    other = await step_of(deps, order, f"write-{CHANGED}")
    await deps.db.steps.update_one({"_id": other["_id"]}, {"$set": {"state": "queued"}})
    await give_up(deps, other, other["epoch"], "The provider says 503.")
    letters = [letter["_id"] for letter in await dead_letters(deps.db, limit=10, state="open")]
    quote = await quote_dead(deps, letters, words="today")
    assert (len(letters), quote.facts["calls"], quote.facts["reused"]) == (2, 3, 1)
    deps.broker.client.flushdb()
    bulk = await make_bulk(deps, Filter(), "replayed", "today")
    found = await find_bulk(deps.db, bulk)
    assert found is not None
    await take_up_bulk(deps, bulk, found["quote"]["fingerprint"], BY)
    await carry_out_bulks(deps)
    assert await progress_of(deps.db, bulk) == (0, 2, 0)
    assert await standing(deps, order) == AFTER
