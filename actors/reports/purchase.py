"""Purchase of one answer: waits for room, fences the claim, records the call before it and its cost after it."""

import asyncio
from datetime import datetime, timedelta

from actors.deps.retrying import until_database_is_back
from actors.deps.worker import Call, WorkDeps
from actors.reports.budget import open_within_budget
from actors.reports.claim import Claim, StepGoesBack
from infra.errors import PermanentError, TransientError
from infra.llm.answer import (
    AccountIsRefused,
    Answer,
    AnswerFailed,
    LimitsAreReached,
    ProviderIsBusy,
    ProviderIsSilent,
    Request,
    Usage,
)
from infra.metrics import LLM_CALL_S, LLM_ROOM_S, count_call
from infra.tracing import span
from storage.ledger import settle_entry
from storage.records.work import Settlement, TokenUsage

#: The time that a step waits for room before it goes back into its queue, where it keeps no chapter from being
#: set.
_PATIENCE_S = 60.0
#: The pause between looks whether the next beat has come.
_BEAT_LOOK_S = 0.1
#: Beside the provider's own time and the wait before another answer: for settling and completing.
_MARGIN = timedelta(seconds=30 + _PATIENCE_S)


class NoRoomYet(StepGoesBack):
    """The provider's limits are used up for a while. The step goes back as it is, without counting as failed."""


class AnswersHaveChanged(StepGoesBack):
    """The answers were corrected before a section was bought from them. The step begins again with those."""

    again_in_s = 1.0


async def buy(deps: WorkDeps, claim: Claim, request: Request) -> Answer:
    """Buy one answer for a claimed section, usable or not. Its entry is in the ledger, however the call ends.

    ClaimIsLost if another has the step, StepGoesBack if nothing may be bought now; the call's own errors as they
    are.
    """
    # Room before the fence, since a claim may be lost while its holder waits. Both before the entry of a purchase.
    priority = deps.tenants.of(claim.step["tenant"]).priority
    with LLM_ROOM_S.time(), span("llm room"):
        room = await _room(deps, request, priority)
    async with room as call:
        now = await _secure(deps, claim)
        entry = await open_within_budget(deps, claim, request, now)
        return await _pay(deps, claim, call, entry)


async def _secure(deps: WorkDeps, claim: Claim) -> datetime:
    """Make sure of the claim and of the answers, and return when.

    At the same time: neither needs the other, and a majority takes as long for both as for one.
    """
    fencing, using = _fence(deps, claim), _use_answers(deps, claim)
    fenced, used = await asyncio.gather(fencing, using, return_exceptions=True)
    if isinstance(fenced, BaseException):
        raise fenced
    if isinstance(used, BaseException):
        raise used
    return fenced


async def _fence(deps: WorkDeps, claim: Claim) -> datetime:
    """Renew the claim right before a purchase, and return when. ClaimIsLost if another has it (T11).

    A process whose last beat before that is old may be taken for dead, with the claim as it is then: it renews the
    claim again after its next beat. StepGoesBack if it is told to end meanwhile.
    """
    while True:
        beat, now = deps.pulse.last, deps.clock.now()
        await claim.fence(now + timedelta(seconds=deps.settings.llm_timeout_s) + _MARGIN)
        if beat is None or beat.is_young(deps.clock):
            return now
        while deps.pulse.last is beat:
            if deps.stopping.is_set():
                raise StepGoesBack
            await deps.clock.sleep(_BEAT_LOOK_S)


async def _use_answers(deps: WorkDeps, claim: Claim) -> None:
    """End the time in which the customer may change the answers, at the order's first purchase (T11c)."""
    if "written_from" not in claim.order and not await deps.recent_orders.use(deps.db, deps.clock, claim.order):
        raise AnswersHaveChanged


async def _room(deps: WorkDeps, request: Request, priority: int) -> Call:
    """Wait for room. StepGoesBack at once if this process is told to end, NoRoomYet if it takes too long."""
    room = asyncio.ensure_future(deps.llm.reserve(request, priority=priority))
    stop, patience = map(asyncio.ensure_future, (deps.stopping.wait(), deps.clock.sleep(_PATIENCE_S)))
    try:
        await asyncio.wait({room, stop, patience}, return_when=asyncio.FIRST_COMPLETED)
        if deps.stopping.is_set():
            raise StepGoesBack
        if not room.done():
            raise NoRoomYet
    except BaseException:
        if not room.cancel():
            async with room.result():
                pass  # it came at this very moment, and goes back unused
        raise
    finally:
        stop.cancel()
        patience.cancel()
    return room.result()


async def _pay(deps: WorkDeps, claim: Claim, call: Call, entry: str) -> Answer:
    """Make the call and settle its entry, however it ends (T12).

    A call that was cut was possibly paid, and so was one whose entry stays open.
    """
    timeout_s = deps.settings.llm_timeout_s
    began = deps.clock.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            with LLM_CALL_S.time(), span("llm call") as said:
                answer = await call.write(entry)
                said |= {"outcome": answer.outcome, "gen_ai.response.model": answer.model or ""}
                said |= {"gen_ai.usage.input_tokens": answer.usage.input}
                said |= {"gen_ai.usage.output_tokens": answer.usage.output}
    except TimeoutError:
        await _settle(deps, claim, entry, {"outcome": "timeout", "cost_usd": None})
        raise ProviderIsBusy(f"The LLM provider did not answer within {timeout_s:g} s.") from None
    except asyncio.CancelledError:
        # Beside the release of the step, which must not wait for this.
        deps.timers.soon(lambda: _settle(deps, claim, entry, {"outcome": "cut", "cost_usd": None}))
        raise
    except (TransientError, PermanentError) as error:
        charged = _charged(deps, error) if isinstance(error, AnswerFailed) else {"cost_usd": None}
        failed: Settlement = {"outcome": "failed", "error": str(error), **charged}
        if isinstance(error, LimitsAreReached):
            failed["limited"] = True
        if isinstance(error, ProviderIsSilent):
            failed["silent"] = True
        await _settle(deps, claim, entry, failed)
        if isinstance(error, AccountIsRefused) and error.may_pass:
            raise _judged(deps, claim.step["_id"], error) from error
        raise
    latency_s = round(deps.clock.monotonic() - began, 3)
    end: Settlement = {"outcome": answer.outcome, **_charged(deps, answer), "latency_s": latency_s}
    if answer.outcome == "written":
        end["text"] = answer.text  # a worker that takes the step over uses it, if this one dies now
    claim.lift_limit()
    await _settle(deps, claim, entry, end)
    deps.doubts.note_answer(claim.step["_id"], began)
    return answer


def _judged(deps: WorkDeps, step: str, refusal: AccountIsRefused) -> TransientError:
    """Return what a refusal without a reason is to be taken for. Of one that is its own, a step fails."""
    about = deps.doubts.note_refusal(step, deps.clock.monotonic())
    if about == "step":
        return ProviderIsBusy(str(refusal))
    return AccountIsRefused(str(refusal), may_pass=about == "passing")


def _charged(deps: WorkDeps, answer: Answer | AnswerFailed) -> Settlement:
    stored = answer.usage.cache_write
    usage: TokenUsage = {
        "input": answer.usage.input,
        "cached": answer.usage.cached,
        "cache_write": stored,
        "output": answer.usage.output,
        "estimated": answer.usage.estimated,
    }
    return {
        "model": answer.model,
        "usage": usage,
        "cost_usd": answer.cost_usd,
        "cache_write_usd": deps.prices.cost_usd(answer.model, Usage(stored, 0, 0, cache_write=stored)),
    }


async def _settle(deps: WorkDeps, claim: Claim, entry: str, end: Settlement) -> None:
    outcome = "limited" if end.get("limited") else end["outcome"]
    count_call(claim.step["product"], outcome, end.get("usage", {}), end["cost_usd"])
    now = deps.clock.now()
    await until_database_is_back(deps.clock, lambda: settle_entry(deps.db, entry, end, now))
