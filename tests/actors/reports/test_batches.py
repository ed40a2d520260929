"""Chapters that are ready together: one message, one claim, and each its own checkpoint."""

import asyncio
from functools import partial
from typing import cast

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.products.catalogue import rendering_queue
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from actors.reports.render_chunk import render_chunk
from actors.reports.slots import queue_released
from actors.sweep.messages import resend_lost_messages
from infra.errors import PermanentError, TransientError
from storage.database import Document
from storage.queueing import message_of
from storage.records.work import Step, StepResult
from tests.actors.builders import BOOK, report_of, result_of, state, steps, with_chapters
from tests.actors.vendors import Press
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def two_together(deps: Deps) -> tuple[WorkDeps, str, list[Step]]:
    """Return a worker, and an order of which two chapters stand in a batch: the other two had the slots."""
    worker, order, chapters = await with_chapters(deps, Press())
    await perform(worker, order, chapters[0]["_id"], partial(render_chunk, worker))
    return worker, order, (await steps(deps, order, "render"))[2:]


async def slots(deps: Deps, order: str) -> int:
    """Return the number of slots for rendering that an order's report has in use."""
    report = await report_of(deps, order)
    return len(report["slots"]["render"])


async def test_chapters_that_wait_for_a_slot_share_a_message(deps: Deps) -> None:
    """What became ready while both slots were in use is queued under one message, in one slot."""
    worker, order, batch = await two_together(deps)
    assert [(one["state"], message_of(one)) for one in batch] == [("queued", message_of(batch[0]))] * 2
    assert deps.broker.waiting(rendering_queue(BOOK)) == 3  # two that had slots, and this one
    assert await slots(deps, order) == 2
    await perform(worker, order, batch[0]["_id"], partial(render_chunk, worker))
    done = [await state(deps, one) for one in batch]
    assert [(one["state"], one["epoch"]) for one in done] == [("done", 1)] * 2
    assert [(await result_of(deps, one))["pages"] for one in done] == [2, 2]
    assert await slots(deps, order) == 1
    second = (await steps(deps, order, "render"))[1]
    await perform(worker, order, second["_id"], partial(render_chunk, worker))
    (assembly,) = await steps(deps, order, "assemble")
    assert assembly["state"] == "queued"


@pytest.mark.parametrize("failing", [0, 1])
@pytest.mark.parametrize(
    ("error", "left"), [(PermanentError("No."), "dead"), (TransientError("No.", retry_after=60), "ready")]
)
async def test_a_chapter_that_fails_leaves_its_company_alone(
    deps: Deps, failing: int, error: Exception, left: str
) -> None:
    """Of a batch the others are done and checkpointed, whichever of them fails, and however."""
    worker, order, batch = await two_together(deps)

    async def work(claim: Claim) -> StepResult:
        if claim.step["_id"] == batch[failing]["_id"]:
            raise error
        return await render_chunk(worker, claim)

    await perform(worker, order, batch[0]["_id"], work)
    assert (await state(deps, batch[failing]))["state"] == left
    assert (await state(deps, batch[1 - failing]))["state"] == "done"


async def test_released_chapters_of_a_batch_wait_for_slots(deps: Deps, clock: StoppedClock) -> None:
    """When the store is away, the chapters of a batch come back each in a slot of its own, never in more."""
    worker, order, batch = await two_together(deps)

    async def fail(_claim: Claim) -> StepResult:
        raise TransientError("S3 is away.", retry_after=60)

    await perform(worker, order, batch[0]["_id"], fail)
    clock.forward(300)
    for one in batch:
        await queue_released(deps, one)
    states = [(await state(deps, one))["state"] for one in batch]
    assert (states, await slots(deps, order)) == (["queued", "ready"], 2)
    second = (await steps(deps, order, "render"))[1]
    await perform(worker, order, second["_id"], partial(render_chunk, worker))
    states = [(await state(deps, one))["state"] for one in batch]
    assert (states, await slots(deps, order)) == (["queued", "queued"], 2)


async def test_chapters_of_a_batch_are_checkpointed_one_by_one(deps: Deps) -> None:
    """A chapter that is set is kept while another of its batch still is not."""
    worker, order, batch = await two_together(deps)
    late, prompt = batch
    done = {"operationType": "update", "updateDescription.updatedFields.state": "done"}

    async def work(claim: Claim) -> StepResult:
        if claim.step["_id"] == late["_id"]:
            change = cast("Document", await anext(changes))
            assert change["documentKey"]["_id"] == prompt["_id"]
            assert (await state(deps, late))["state"] == "claimed"
            assert all(one["_id"] in worker.claims for one in batch)
        return await render_chunk(worker, claim)

    async with asyncio.timeout(10), await deps.db.steps.watch([{"$match": done}]) as changes:
        await perform(worker, order, late["_id"], work)
    assert (await state(deps, late))["state"] == "done"


async def test_chapters_that_have_failed_are_tried_alone(deps: Deps) -> None:
    """What took a process with it, or failed, shares its next message with nobody."""
    worker, order, chapters = await with_chapters(deps, Press())
    await deps.db.steps.update_one({"_id": chapters[3]["_id"]}, {"$set": {"kills": 1}})
    for chapter in chapters[:2]:
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    third, fourth = (await steps(deps, order, "render"))[2:]
    assert (third["state"], fourth["state"]) == ("queued", "queued")
    assert message_of(third) != message_of(fourth)


async def test_a_stopping_worker_hands_a_whole_batch_on(deps: Deps) -> None:
    """A worker that was told to end begins none of them: each is sent to another by itself."""
    worker, order, batch = await two_together(deps)
    worker.stopping.set()
    await perform(worker, order, batch[0]["_id"], partial(render_chunk, worker))
    again = [await state(deps, one) for one in batch]
    assert [(one["state"], one["epoch"]) for one in again] == [("queued", 0)] * 2
    names = [message_of(one) for one in again]
    assert deps.broker.holds(rendering_queue(BOOK), names) == set(names)
    assert len(set(names)) == 2


async def test_a_batch_whose_message_is_lost_is_sent_again(deps: Deps, clock: StoppedClock) -> None:
    """The sweep misses the one message for all of its steps, and leaves them alone as long as Redis has it."""
    _, _, batch = await two_together(deps)
    clock.forward(10)
    await resend_lost_messages(deps)
    assert [message_of(await state(deps, one)) for one in batch] == [message_of(one) for one in batch]
    deps.broker.client.flushdb()
    clock.forward(60)
    await resend_lost_messages(deps)
    names = {message_of(await state(deps, one)) for one in batch}
    assert len(names) == 2
    assert deps.broker.holds(rendering_queue(BOOK), list(names)) == names
