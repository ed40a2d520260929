"""Gives claimed steps back after a failure: for a while, until an outage is over, or for good."""

import asyncio
import random
import traceback
from datetime import datetime, timedelta

from actors.deps.retrying import until_database_is_back
from actors.deps.worker import WorkDeps
from actors.reports.advance import give_up
from actors.reports.claim import Claim
from actors.reports.slots import queue_released
from infra.errors import AccountTrouble, TransientError, describe
from infra.logs import log
from storage.claims import Failure, release_step
from storage.queueing import make_due
from storage.records.work import Step

#: The pause before a released step is queued again. It doubles with each failure.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 120.0
#: The longest wait that another server may ask for (the limiter's bound, too): an hour would be an order's end.
_LONGEST_ASKED_S = 300.0
#: The time without a failure after which the next one counts as the first: the step has not failed all along.
_APART = timedelta(minutes=15)


async def wait_for_account(deps: WorkDeps, claim: Claim, trouble: AccountTrouble) -> None:
    """Release the step as it is: the account's trouble is not the order's failure."""
    pause_s = trouble.again_in_s * random.uniform(0.8, 1.2)  # noqa: S311  # spreads, hides nothing
    log.warning("step_waits_for_account", error=str(trouble), again_in_s=round(pause_s, 1))
    await release(deps, claim, pause_s)


async def release_or_give_up(deps: WorkDeps, claim: Claim, error: TransientError, success: asyncio.Event) -> None:
    """Release a step that failed. `success` is set if one of its kind succeeded meanwhile, or once one does."""
    failure = _next_failure(claim.step, deps.clock.now())
    if failure.at - failure.since > timedelta(seconds=deps.settings.step_give_up_s):
        await give_up_claim(deps, claim, error)
        return
    pause_s = min(_FIRST_PAUSE_S * 2 ** min(failure.times - 1, 10), _LONGEST_PAUSE_S)
    pause_s *= random.uniform(0.8, 1.2)  # noqa: S311  # spreads, hides nothing
    pause_s = max(min(error.retry_after or 0, _LONGEST_ASKED_S), pause_s)
    log.warning("step_released", error=str(error), again_in_s=round(pause_s, 1))
    # Where others succeed, it is the step that fails. Where none does, it is what all of them need.
    is_outage = not success.is_set() and not error.retry_after
    await release(deps, claim, pause_s, failure, success if is_outage else None)


def _next_failure(step: Step, now: datetime) -> Failure:
    if now - step.get("failed_at", now) > _APART:
        return Failure(1, now, now)
    return Failure(step["fails"] + 1, step.get("failing_since", now), now)


async def release(
    deps: WorkDeps,
    claim: Claim,
    pause_s: float,
    failure: Failure | None = None,
    sooner: asyncio.Event | None = None,
) -> None:
    """Release a step, and queue it again after a pause, or as soon as an event is set.

    Nothing happens if the claim was lost: the step is another worker's.
    """
    due_at = deps.clock.now() + timedelta(seconds=pause_s)
    step_id = claim.step["_id"]
    released = await until_database_is_back(
        deps.clock, lambda: release_step(deps.db, step_id, claim.epoch, due_at, failure)
    )
    claim.count("released" if released else "lost")
    if not released:
        return

    async def queue_again() -> None:
        if sooner is not None and sooner.is_set():
            await make_due(deps.db, claim.step, claim.epoch, deps.clock.now())
        await queue_released(deps, claim.step)

    if pause_s:
        deps.timers.after(pause_s, queue_again, sooner)
    else:  # what a worker that ends gives back has waited for its turn once
        await queue_released(deps, claim.step, first=deps.stopping.is_set())


async def give_up_claim(deps: WorkDeps, claim: Claim, error: Exception) -> None:
    """Give a claimed step up, and leave it to an operator."""
    claim.count("dead")
    trace = "".join(traceback.format_exception(error))
    told, full = describe(error), str(error) or type(error).__name__
    await until_database_is_back(
        deps.clock, lambda: give_up(deps, claim.step, claim.epoch, told, trace, error=full)
    )
