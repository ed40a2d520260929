"""One round of every duty, and the loop around it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from actors.deps import Deps
from actors.replay import resume_replays
from actors.sweep.claims import expire_lapsed_claims
from actors.sweep.events import apply_left_events
from actors.sweep.letters import send_due_letters
from actors.sweep.messages import resend_lost_messages, resend_unbegun_reports
from actors.sweep.missed import advance_missed_steps, pump_idle_reports
from actors.sweep.slots import heal_slots
from actors.sweep.watch import Watch
from infra.errors import TransientError

log = structlog.get_logger()

_DUTIES: tuple[Callable[[Deps], Awaitable[None]], ...] = (
    expire_lapsed_claims,
    advance_missed_steps,
    resume_replays,
    apply_left_events,
    resend_unbegun_reports,
    resend_lost_messages,
    pump_idle_reports,
    heal_slots,
    send_due_letters,
)


async def sweep_once(deps: Deps, watch: Watch) -> None:
    """Do every duty once. One that fails does not keep the others from being done."""
    for duty in (watch.bury_dead_workers, *_DUTIES):
        try:
            await duty(deps)
        except TransientError as error:
            log.warning("sweep_duty_put_off", duty=duty.__name__, error=str(error))
        except Exception:
            log.exception("sweep_duty_failed", duty=duty.__name__)


async def sweep_for_ever(deps: Deps, every_s: float, stopping: asyncio.Event) -> None:
    """Sweep every `every_s` seconds, from start to start, until told to stop."""
    watch = Watch(deps.clock)
    while not stopping.is_set():
        began = deps.clock.monotonic()
        await sweep_once(deps, watch)
        left = max(0.0, every_s - (deps.clock.monotonic() - began))
        try:
            await asyncio.wait_for(stopping.wait(), left)
        except TimeoutError:
            continue
