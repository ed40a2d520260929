"""The frame of every step, with vendors in the test's hands and real servers beneath."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import cast

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from actors.reports.purchase import NoRoomYet
from actors.reports.render_chunk import render_chunk
from actors.worker.heartbeat import ClaimsAudit
from infra.errors import TransientError
from infra.mail.letter import Letter
from storage.claims import claim_step
from storage.database import Database
from storage.dead_letters import dead_letters
from storage.deliveries import find_delivery
from storage.endings import add_stored
from storage.queueing import message_id
from storage.records.plans import Plan
from storage.records.work import StepResult
from storage.reports import report_id, store_report
from storage.workers import beat, live_workers
from tests.actors.builders import BOOK, answering, messages, placed, present, state, steps, with_sections, working
from tests.builders import a_pdf, facts_of_worker
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


class SlowPostman:
    """Mail server that takes every letter, and answers when it is told to."""

    def __init__(self) -> None:
        """Hold the answers back."""
        self.loop = asyncio.get_running_loop()
        self.took, self.answers = asyncio.Event(), asyncio.Event()
        self.letters: list[Letter] = []

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Take the letter, and answer later."""
        assert seconds_left() > 0
        self.letters.append(letter)
        self.loop.call_soon_threadsafe(self.took.set)
        asyncio.run_coroutine_threadsafe(self.answers.wait(), self.loop).result(10)
        return "250 OK"


async def test_one_piece_of_work_is_done_once_for_two_messages(deps: Deps) -> None:
    """A duplicate of a message finds the step claimed, and disturbs neither it nor its holder's audit."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    begin, go_on = asyncio.Event(), asyncio.Event()

    async def slow(claim: Claim) -> StepResult:
        del claim
        begin.set()
        await go_on.wait()
        return {"text": "once"}

    async with asyncio.TaskGroup() as group:
        group.create_task(perform(worker, order, sections[0]["_id"], slow))
        await begin.wait()
        await perform(worker, order, sections[0]["_id"], answering({"text": "twice"}))
        assert sections[0]["_id"] in worker.claims
        go_on.set()
    assert (await state(deps, sections[0]))["result"] == {"text": "once"}


async def test_a_step_that_waits_for_a_suspect_is_not_claimed(deps: Deps) -> None:
    """While a suspect runs alone the others are still queued: if it kills the process, they are not counted."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    async with worker.lock.exclusive():
        waiting = asyncio.create_task(perform(worker, order, sections[0]["_id"], answering({"text": "x"})))
        await asyncio.sleep(0.1)
        assert (await state(deps, sections[0]))["state"] == "queued"
    await waiting
    assert (await state(deps, sections[0]))["state"] == "done"


async def test_a_section_that_was_in_the_air_when_workers_died_goes_on_beside_others(deps: Deps) -> None:
    """Three deaths of its worker make a chapter suspect, not a section, which is alone after six."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    early, late = sections[0], sections[1]
    await deps.db.steps.update_one({"_id": early["_id"]}, {"$set": {"kills": 5}})
    await deps.db.steps.update_one({"_id": late["_id"]}, {"$set": {"kills": 6}})
    async with worker.lock.shared():
        await perform(worker, order, early["_id"], answering({"text": "x"}))
        waiting = asyncio.create_task(perform(worker, order, late["_id"], answering({"text": "x"})))
        await asyncio.sleep(0.1)
        assert (await state(deps, late))["state"] == "queued"
    await waiting
    assert [(await state(deps, step))["state"] for step in (early, late)] == ["done", "done"]


async def test_a_stopping_worker_hands_a_step_on(deps: Deps) -> None:
    """A worker that was told to end claims nothing more: the step is sent to another under a new message."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    worker.stopping.set()
    await perform(worker, order, sections[0]["_id"], answering({"text": "x"}))
    handed_on = await state(deps, sections[0])
    assert (handed_on["state"], handed_on["epoch"]) == ("queued", 0)
    assert handed_on["message"] != sections[0]["message"]
    assert deps.broker.holds(BOOK, [message_id(handed_on["_id"], handed_on["message"])])


@asynccontextmanager
async def refusing(db: Database, text: str) -> AsyncIterator[None]:
    """Let MongoDB refuse steps with that text as their result."""
    steps = {"collMod": db.steps.name}
    await db.steps.database.command({**steps, "validator": {"result.text": {"$ne": text}}})
    try:
        yield
    finally:
        await db.steps.database.command({**steps, "validator": {}})


@pytest.mark.parametrize("text", ["Refused.", "x" * 17_000_000], ids=["by a validator", "as too large"])
async def test_a_result_that_mongodb_refuses_is_not_bought_again(deps: Deps, text: str) -> None:
    """A step whose result cannot be stored is dead at once, with its reason, and its order is an operator's."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    async with refusing(deps.db, "Refused."):
        await perform(worker, order, sections[0]["_id"], answering({"text": text}))
    dead, (letter,) = (
        await state(deps, sections[0]),
        await dead_letters(deps.db, limit=2, order=order, state="open"),
    )
    assert (dead["state"], dead["claim"], dead["result"]) == ("dead", None, None)
    assert dead["error"] in letter["reason"]
    assert text not in letter["traceback"]
    found = await present(deps, order)
    assert found["attention"] == letter["reason"]
    await perform(worker, order, sections[1]["_id"], answering({"text": "Kept."}))
    assert (await state(deps, sections[1]))["result"] == {"text": "Kept."}


async def test_a_step_that_a_stopping_worker_puts_off_has_not_failed(deps: Deps, clock: StoppedClock) -> None:
    """Work that waited for a child for minutes, and is refused as its worker ends, is the next one elsewhere."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def refused(claim: Claim) -> StepResult:
        del claim
        clock.forward(300)
        worker.stopping.set()
        raise TransientError("The child processes are closed.")

    await perform(worker, order, sections[1]["_id"], refused)
    found = await state(deps, sections[1])
    assert (found["fails"], found["kills"], found["claim"]) == (0, 0, None)
    assert found["state"] == "queued"
    assert messages(deps)[0]["kwargs"]["step"] == found["_id"]


async def test_a_step_that_found_no_room_goes_behind_the_others(deps: Deps) -> None:
    """What has waited in vain for a minute lets new reports begin before it is tried again."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def crowded_out(claim: Claim) -> StepResult:
        del claim
        raise NoRoomYet

    await perform(worker, order, sections[1]["_id"], crowded_out)
    assert messages(deps)[-1]["kwargs"]["step"] == sections[1]["_id"]


async def test_a_step_that_fails_for_long_is_given_up(deps: Deps, clock: StoppedClock) -> None:
    """What may work later is released with a due time, and dead only after STEP_GIVE_UP_S."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def failing(claim: Claim) -> StepResult:
        del claim
        raise TransientError("Not now.", retry_after=60.0)

    await perform(worker, order, sections[0]["_id"], failing)
    released = await state(deps, sections[0])
    assert (released["state"], released["fails"]) == ("ready", 1)
    assert (released["due_at"] - clock.now()).total_seconds() >= 60
    while clock.now() - released["failing_since"] <= timedelta(seconds=deps.settings.step_give_up_s):
        clock.forward(600)
        await deps.db.steps.update_one({"_id": released["_id"]}, {"$set": {"state": "queued"}})
        await perform(worker, order, sections[0]["_id"], failing)
    dead = await state(deps, sections[0])
    assert (dead["state"], dead["error"]) == ("dead", "Not now.")


async def test_a_step_that_failed_long_ago_is_not_given_up_for_it(deps: Deps, clock: StoppedClock) -> None:
    """Two hiccups with an hour of lying still between are no hour of failing; an hour's pause is not obeyed."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def failing(claim: Claim) -> StepResult:
        del claim
        raise TransientError("Not now.", retry_after=3600.0)

    for _ in range(3):
        await perform(worker, order, sections[0]["_id"], failing)
        released = await state(deps, sections[0])
        assert (released["state"], released["failing_since"], released["fails"]) == ("ready", clock.now(), 1)
        assert released["due_at"] == clock.now() + timedelta(seconds=300)
        clock.forward(deps.settings.step_give_up_s + 1)
        await deps.db.steps.update_one({"_id": released["_id"]}, {"$set": {"state": "queued"}})


async def test_what_is_in_hand_is_not_given_up_for_its_time(deps: Deps) -> None:
    """The limit of a step ends its work, but not the writing down of an answer that was paid for."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    plan = await deps.plans.get(sections[0]["plan"])
    hasty = {**plan, "_id": "hasty", "limits": {**plan["limits"], "write": 0.05}}
    await deps.db.plans.insert_one(cast("Plan", hasty))
    await deps.db.steps.update_one({"_id": sections[0]["_id"]}, {"$set": {"plan": "hasty"}})

    async def pay(claim: Claim) -> StepResult:
        claim.lift_limit()
        await asyncio.sleep(0.2)
        return {"text": "Paid."}

    await perform(worker, order, sections[0]["_id"], pay)
    assert (await state(deps, sections[0]))["result"] == {"text": "Paid."}


async def test_a_step_whose_need_is_being_made_again_is_not_dead(deps: Deps) -> None:
    """A chapter that was claimed right before a replay takes its section back goes back to its queue."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    (chapter, *_) = await steps(deps, order, "render")
    await deps.db.steps.update_one({"_id": chapter["_id"]}, {"$set": {"state": "queued", "message": "m"}})
    assert (await state(deps, sections[0]))["state"] == "queued"
    await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    found = await state(deps, chapter)
    assert (found["state"], found["fails"]) == ("ready", 1)


async def test_a_worker_leaves_the_register_only_with_empty_hands(deps: Deps) -> None:
    """Who ends with a claim that it could not release stays registered, for the sweep to see it fall silent."""
    worker, (_, sections) = working(deps), await with_sections(deps)
    audit = ClaimsAudit(worker, BOOK)
    await beat(deps.db, worker.worker, facts_of_worker(queue=BOOK), deps.clock.now())
    seen = await state(deps, sections[0])
    with worker.claims.holding(seen["_id"]):
        assert await claim_step(deps.db, seen["_id"], worker.worker, [seen["format"]], deps.clock.now())
        await audit.leave()
        assert len(await live_workers(deps.db)) == 1
    await audit.leave()
    assert await live_workers(deps.db) == []
    assert (await state(deps, seen))["state"] == "ready"


async def test_a_letter_that_outlasts_its_worker_is_recorded(deps: Deps, clock: StoppedClock) -> None:
    """A worker that is cancelled while the mail server takes a letter waits for the answer and writes it down."""
    mailer = SlowPostman()
    worker, order = working(deps, mailer), await placed(deps)
    await store_report(deps.db, report_id(order, BOOK), 1, a_pdf(pages=1, bytes=1), clock.now())
    await add_stored(deps.db, order, BOOK, 1, clock.now())
    completing = asyncio.create_task(run_errand(worker, "complete_order", order))
    await mailer.took.wait()
    completing.cancel()
    await asyncio.sleep(0)
    mailer.answers.set()
    await asyncio.gather(completing, return_exceptions=True)
    delivery = await find_delivery(deps.db, order, "completion")
    found = await present(deps, order)
    assert delivery is not None
    assert (delivery["state"], found["delivered_at"]) == ("sent", clock.now())
    assert [letter.kind for letter in mailer.letters] == ["completion"]


async def test_two_messages_about_one_letter_send_it_once(deps: Deps, clock: StoppedClock) -> None:
    """However many workers complete an order at once, the mail server sees one letter."""
    mailer = SlowPostman()
    mailer.answers.set()
    worker, order = working(deps, mailer), await placed(deps)
    await store_report(deps.db, report_id(order, BOOK), 1, a_pdf(pages=1, bytes=1), clock.now())
    await add_stored(deps.db, order, BOOK, 1, clock.now())
    await asyncio.gather(*(run_errand(worker, "complete_order", order) for _ in range(8)))
    assert len(mailer.letters) == 1
