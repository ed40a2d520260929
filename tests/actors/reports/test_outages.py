"""Steps that fail for an outage go on once it is over; one that fails for itself waits its time."""

import asyncio

import pytest

from actors.deps.process import Deps
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from infra.errors import TransientError
from storage.claims import expire_step
from storage.records.work import Step, StepResult
from tests.actors.builders import answering, state, with_sections, working
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

PATIENCE_S = 10.0
#: After so long a step is not tried again within its claim.
HANGS_S = 31.0
writes = answering({"text": "Words."})


async def until_queued(deps: Deps, step: Step) -> None:
    """Return once a step is queued."""
    async with asyncio.timeout(PATIENCE_S):
        while (await state(deps, step))["state"] != "queued":  # noqa: ASYNC110  # a timer of the worker ends it
            await asyncio.sleep(0.02)


async def test_the_first_success_after_an_outage_wakes_what_failed(deps: Deps, clock: StoppedClock) -> None:
    """Nobody knows when an outage ends but the first that succeeds; the others do not sleep on."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def fails(claim: Claim) -> StepResult:
        del claim
        clock.forward(HANGS_S)
        raise TransientError("Down.")

    await perform(worker, order, sections[0]["_id"], fails)
    released = await state(deps, sections[0])
    assert released["state"] == "ready"
    assert released["due_at"] > clock.now()
    await perform(worker, order, sections[1]["_id"], writes)
    await until_queued(deps, sections[0])


async def test_a_step_that_fails_where_others_succeed_waits_its_time(deps: Deps, clock: StoppedClock) -> None:
    """Its own trouble is not tried again with each success of another step."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def fails(claim: Claim) -> StepResult:
        del claim
        await perform(worker, order, sections[1]["_id"], writes)
        clock.forward(HANGS_S)
        raise TransientError("No.")

    await perform(worker, order, sections[0]["_id"], fails)
    await perform(worker, order, sections[2]["_id"], writes)
    assert (await state(deps, sections[0]))["state"] == "ready"


async def test_a_worker_that_lost_a_step_does_not_wake_it(deps: Deps, clock: StoppedClock) -> None:
    """Another has it by then, and was asked to wait: the first one's outage is over for its own steps alone."""
    worker, other, (order, sections) = working(deps), working(deps), await with_sections(deps)

    async def waits(claim: Claim) -> StepResult:
        del claim
        raise TransientError("Later.", retry_after=60.0)

    async def fails(claim: Claim) -> StepResult:
        if claim.step["_id"] == sections[0]["_id"]:
            assert await expire_step(deps.db, await state(deps, sections[0]), "m2", clock.now())
            await perform(other, order, sections[0]["_id"], waits)
        clock.forward(HANGS_S)
        raise TransientError("Down.")

    for section in sections[:2]:
        await perform(worker, order, section["_id"], fails)
    await perform(worker, order, sections[2]["_id"], writes)
    await until_queued(deps, sections[1])
    assert (await state(deps, sections[0]))["state"] == "ready"


async def test_a_server_that_names_a_time_is_asked_no_sooner(deps: Deps, clock: StoppedClock) -> None:
    """What a server asks to wait is waited, whoever succeeds meanwhile."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def fails(claim: Claim) -> StepResult:
        del claim
        clock.forward(HANGS_S)
        raise TransientError("Later.", retry_after=60.0)

    await perform(worker, order, sections[0]["_id"], fails)
    await perform(worker, order, sections[1]["_id"], writes)
    assert (await state(deps, sections[0]))["state"] == "ready"
