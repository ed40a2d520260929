"""Runs one round of every duty, and the loops around them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from actors.deps.mailing import with_mailer
from actors.deps.process import Deps
from actors.intake.reconcile import Records, reconcile
from actors.orders.money import keep_sums
from actors.orders.operators.work_pauses import wake_paused_work
from actors.sweep.lookout import Lookout
from actors.sweep.messages import resend_lost_messages, resend_unbegun_reports
from actors.sweep.model import warn_of_models_end
from actors.sweep.orders import (
    admit_in_turn,
    apply_left_events,
    carry_out_bulks,
    drop_old_events,
    drop_old_forms,
    end_unmet_troubles,
    seek_lost_books,
    send_alerts,
    send_due_errands,
)
from actors.sweep.steps import SlotHealer, advance_missed_steps, expire_lapsed_claims
from actors.sweep.workers import Watch
from infra.errors import TransientError
from infra.logs import log
from storage.alerts import raise_alert
from storage.installation import first_start

#: The time between two rounds of duties that ask servers which are not ours alone.
_SELDOM_S = 600.0
#: Stripe itself goes on delivering for three days: https://docs.stripe.com/webhooks#retries
_LOOK_BACK = timedelta(days=3)

Duty = Callable[[Deps], Awaitable[None]]

_DUTIES: tuple[Duty, ...] = (
    advance_missed_steps,
    apply_left_events,
    wake_paused_work,
    resend_unbegun_reports,
    resend_lost_messages,
    admit_in_turn,
)


async def sweep_once(deps: Deps, watch: Watch) -> None:
    """Do every duty once. One that fails does not keep the others from being done."""
    lookout = Lookout()
    mending = (
        lookout.look_for_workers,
        watch.bury_dead_workers,
        expire_lapsed_claims,
        *_DUTIES,
        SlotHealer().heal_all,
    )
    await _do(deps, (lookout.note_turn, *mending, send_due_errands, carry_out_bulks, send_alerts))
    await deps.timers.finish()


async def sweep_for_ever(deps: Deps, records: Records, every_s: float, stopping: asyncio.Event) -> None:
    """Sweep every `every_s` seconds, from start to start. It ends at once when told to stop.

    Dead workers, errands, alerts and bulk work have a loop each, so that no slow duty delays them. Stripe, S3 and
    the LLM are asked in another one, seldom, which alone is delayed if they do not answer.
    """
    deps, watch, healer, lookout = with_mailer(deps), Watch(deps.clock), SlotHealer(), Lookout()
    mending = (lookout.look_for_workers, watch.expire_lapsed_claims, *_DUTIES, healer.heal_page)
    together = (
        (watch.bury_dead_workers,),
        mending,
        (lookout.note_turn, send_due_errands, lookout.look_at_redis),
        (send_alerts,),
        (carry_out_bulks,),
    )
    loops = [asyncio.create_task(_repeat(deps, duties, every_s, stopping, lookout)) for duties in together]
    loops.append(asyncio.create_task(_ask_seldom(deps, records, stopping, lookout)))
    await stopping.wait()
    for loop in loops:
        loop.cancel()
    await asyncio.wait(loops, timeout=1.0)


async def _ask_seldom(deps: Deps, records: Records, stopping: asyncio.Event, lookout: Lookout) -> None:
    began = deps.clock.now()

    async def reconcile_recent(deps: Deps) -> None:
        since = max(deps.clock.now() - _LOOK_BACK, await first_start(deps.db, began))
        if found := await reconcile(deps, records, since, dry_run=False):
            text = (
                f"The webhook missed what Stripe has: {len(found)} events or sessions, the first {found[0].type}."
            )
            await raise_alert(deps.db, "reconcile", text, deps.clock.now(), event=found[0].about or found[0].id)

    await deps.clock.sleep(_SELDOM_S)
    asking = (reconcile_recent, seek_lost_books, warn_of_models_end)
    ours = (drop_old_events, drop_old_forms, end_unmet_troubles, keep_sums)
    await _repeat(deps, (*asking, *ours), _SELDOM_S, stopping, lookout)


async def _repeat(
    deps: Deps, duties: Sequence[Duty], every_s: float, stopping: asyncio.Event, lookout: Lookout
) -> None:
    # A cancellation may be lost: in Python 3.11 `wait_for`, which the MongoDB driver uses, drops one now and then.
    while not stopping.is_set():
        began = deps.clock.monotonic()
        await _do(deps, duties, lookout)
        await deps.clock.sleep(max(0.0, every_s - (deps.clock.monotonic() - began)))


async def _do(deps: Deps, duties: Sequence[Duty], lookout: Lookout | None = None) -> None:
    for duty in duties:
        try:
            await duty(deps)
            if lookout:
                await lookout.note_done(deps, duty.__name__)
        except Exception as error:  # the other duties are done all the same
            if isinstance(error, TransientError):
                log.warning("sweep_duty_put_off", duty=duty.__name__, error=str(error))
            else:
                log.exception("sweep_duty_failed", duty=duty.__name__)
            if lookout:
                await _note_failure(deps, duty.__name__, error, lookout)


async def _note_failure(deps: Deps, duty: str, error: Exception, lookout: Lookout) -> None:
    try:
        await lookout.note_failed(deps, duty, error)
    except Exception:
        log.exception("sweep_duty_not_told", duty=duty)
