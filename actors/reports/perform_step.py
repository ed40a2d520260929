"""One step, whatever its kind: claim → work → checkpoint → advance, and one policy for failures.

A batch of chapters is claimed and advances together. Each is worked on, checkpointed and released by itself.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from actors.deps.accounts import watching_accounts
from actors.deps.retrying import until_database_is_back
from actors.deps.worker import WorkDeps
from actors.messages import resumed_post, send_all
from actors.products.plans import FORMATS
from actors.reports.advance import advance_or_call
from actors.reports.claim import Claim, ClaimIsLost, StepGoesBack, Work
from actors.reports.putting_off import is_put_off, park
from actors.reports.releasing import give_up_claim, release, release_or_give_up, wait_for_account
from actors.reports.slots import pump
from infra.errors import AccountTrouble, TransientError
from infra.logs import log
from storage.claims import claim_others, claim_step, complete_step
from storage.order_state import is_parked
from storage.orders import find_order
from storage.queueing import (
    message_of,
    new_message,
    others_in_batch,
    park_step,
    requeue_step,
    steps_of_messages,
)
from storage.records.orders import Order
from storage.records.work import Step, StepResult
from storage.steps import find_step, results_of, step_kind
from storage.work_pauses import put_off_step

#: Waits between the quick tries inside one claim: 7.5 s in all.
_QUICK_WAITS_S = (0.5, 1.0, 2.0, 4.0)
#: The age at which a claim is not tried again quickly: its provider hangs rather than hiccups.
_QUICK_BUDGET_S = 30.0
#: Time for a claimed step to reach its first fence, or its end without one. It is generous, since a dead holder is
#: known by its heartbeat: it only ends claims that a live one has forgotten and its own audit does not find.
_FIRST_LEASE = timedelta(minutes=10)
#: The number of processes that a step took with it after which it runs alone, so that the next one is surely its
#: own. All wait for it, and it for the calls in the air. A section, which only waits for an answer, is rather
#: another step's victim. Three deaths leave many of them, and alone in turn they would keep a worker for minutes.
_SUSPECT_KILLS, _SUSPECT_KILLS_OF_SECTION = 3, 6


class StepTakesTooLong(TransientError):
    """The step is past its soft limit. It may be quicker another time."""


async def perform(deps: WorkDeps, order_id: str, step_id: str, work: Work) -> None:
    """Claim a step if it can be had, do its work once, and leave it done, released or dead."""
    with structlog.contextvars.bound_contextvars(order=order_id, step=step_id):
        # The lock comes before the claim: a step that only waits for it must not be counted among the dead.
        suspect_kills = _SUSPECT_KILLS_OF_SECTION if step_kind(step_id) == "write" else _SUSPECT_KILLS
        async with deps.lock.shared():
            is_suspect = await _attempt(deps, order_id, step_id, work, most_kills=suspect_kills - 1)
        if is_suspect:
            async with deps.lock.exclusive():
                await _attempt(deps, order_id, step_id, work)


async def _attempt(deps: WorkDeps, order_id: str, step_id: str, work: Work, most_kills: int | None = None) -> bool:
    """Do a queued step. True if it was left because it took more than `most_kills` processes with it."""
    if deps.stopping.is_set():
        await _hand_on(deps, step_id)
        return False
    order = await deps.recent_orders.find(deps.db, deps.clock, order_id)
    if order is None:
        return False
    kind = step_kind(step_id)
    if is_parked(order, kind):
        await park(deps, step_id, lambda order: is_parked(order, kind), put_off_step, park_step)
        return False
    if await is_put_off(deps, step_id, order["tenant"], kind, put_off_step):
        return False
    with deps.claims.holding(step_id):
        until = deps.clock.now() + _FIRST_LEASE
        step = await claim_step(deps.db, step_id, deps.worker, FORMATS, until, most_kills=most_kills)
        if step is not None:
            with deps.claims.holding(*others_in_batch(step)):
                remembered_run = order["run"].get(step["product"], 0)
                if step["run"] > remembered_run:  # the order was remembered from before a correction
                    order = await find_order(deps.db, order_id) or order
                await _work_on_all(deps, await _claims(deps, step, order, until), work)
            return False
    if most_kills is None:
        return False
    seen = await find_step(deps.db, step_id)
    return seen is not None and seen["state"] == "queued" and seen["kills"] > most_kills


async def _claims(deps: WorkDeps, step: Step, order: Order, until: datetime) -> list[Claim]:
    """Return the claim of a step, and those of the others under its message. Their needs are read at once."""
    steps, found = [step], dict[str, StepResult]()
    with suppress(TransientError):  # the others go back to the sweep, or missing results are read later
        steps += await claim_others(deps.db, step, deps.worker, until)
        if len(steps) > 1:
            needs = set[str]().union(*(one["needs"] for one in steps))
            found = await results_of(deps.db, sorted(needs))
    claims = [Claim(deps.db, one, order, found) for one in steps]
    for claim in claims:
        claim.count("claimed")
    return claims


async def _work_on_all(deps: WorkDeps, claims: Sequence[Claim], work: Work) -> None:
    """Work on claims at the same time. The steps that are done advance at the end, together."""
    works = await asyncio.gather(*(_work_on(deps, claim, work) for claim in claims), return_exceptions=True)
    done = [step for step in works if step is not None and not isinstance(step, BaseException)]
    advances = await asyncio.gather(*(_go_on(deps, step) for step in done), return_exceptions=True)
    for outcome in (*works, *advances):
        if isinstance(outcome, BaseException):
            raise outcome


async def _work_on(deps: WorkDeps, claim: Claim, work: Work) -> Step | None:
    """Work on one claim. Returns the step as done, or None if it was lost, released or given up."""
    with structlog.contextvars.bound_contextvars(step=claim.step["_id"]):
        success = deps.successes.until_next(claim.step["kind"])
        try:
            async with watching_accounts(deps, claim.step["_id"], again=claim.step["epoch"] > 1):
                result = await _quick_tries(deps, claim, work)
        except ClaimIsLost:
            log.warning("claim_lost")
            claim.count("lost")
        except StepGoesBack as stop:
            await release(deps, claim, stop.again_in_s)
        except asyncio.CancelledError:
            await release(deps, claim, 0.0)
            raise
        except AccountTrouble as trouble:
            await wait_for_account(deps, claim, trouble)
        except TransientError as error:
            await release_or_give_up(deps, claim, error, success)
        except Exception as error:  # noqa: BLE001  # after any error the step must not hang: it is dead
            await give_up_claim(deps, claim, error)
        else:
            return await _complete(deps, claim, result)
        return None


async def _pause(deps: WorkDeps, seconds: float) -> None:
    """Wait for so many seconds. StepGoesBack at once if this process is told to end."""
    try:
        await asyncio.wait_for(deps.stopping.wait(), seconds)
    except TimeoutError:
        return
    raise StepGoesBack


async def _hand_on(deps: WorkDeps, step_id: str) -> None:
    """Give a step that this process will not begin, and those under its message, to other workers at once."""
    first = await find_step(deps.db, step_id)
    for seen in await steps_of_messages(deps.db, [message_of(first)]) if first is not None else ():
        message = new_message()
        if await requeue_step(deps.db, seen, message, deps.clock.now()):
            await send_all(deps, [resumed_post(seen, message)])


async def _quick_tries(deps: WorkDeps, claim: Claim, work: Work) -> StepResult:
    began = deps.clock.monotonic()
    for wait in _QUICK_WAITS_S:
        try:
            return await _within_limit(deps, claim, work)
        except AccountTrouble:
            raise
        except TransientError as error:
            if (error.retry_after or 0) > wait:
                raise
            if deps.stopping.is_set():  # a chapter that still waits for a child is refused then: no failure
                raise StepGoesBack from error
            if deps.clock.monotonic() - began > _QUICK_BUDGET_S:
                raise
            log.info("step_failed_quickly", error=str(error), again_in_s=wait)
        await _pause(deps, wait)
    return await _within_limit(deps, claim, work)


async def _within_limit(deps: WorkDeps, claim: Claim, work: Work) -> StepResult:
    """Do the work, up to its soft limit. Past it the step is released, and tried again as after any failure."""
    limit_s = (await deps.plans.get(claim.step["plan"]))["limits"][claim.step["kind"]]
    try:
        async with asyncio.timeout(limit_s) as limit:
            claim.limit = limit
            return await work(claim)
    except TimeoutError:
        if not limit.expired():
            raise
        raise StepTakesTooLong(f"It took longer than {limit_s:g} s.") from None


async def _complete(deps: WorkDeps, claim: Claim, result: StepResult) -> Step | None:
    """Checkpoint a result. A step whose result MongoDB refuses is dead, not bought again (T13)."""
    now = deps.clock.now()
    try:
        kept = await until_database_is_back(
            deps.clock, lambda: complete_step(deps.db, claim.step, claim.epoch, result, now)
        )
    except Exception as error:  # noqa: BLE001  # any such error would come again the next time
        await give_up_claim(deps, claim, error)
        return None
    if not kept:
        log.warning("result_came_too_late")
    deps.successes.note(claim.step["kind"])
    claim.count("done" if kept else "lost")
    return {**claim.step, "result": result} if kept else None


async def _go_on(deps: WorkDeps, step: Step) -> None:
    await advance_or_call(deps, step)
    gap_s = (await deps.plans.get(step["plan"]))["gap_s"][step["slot"]]
    if gap_s:
        deps.timers.after(gap_s, lambda: pump(deps, step["report"]))
