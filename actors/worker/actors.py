"""Actors on the broker: shells that hand ids to the work, and record every failure."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import partial
from typing import Any

import dramatiq

from actors.alerts.tell_alert import tell_alert
from actors.deps.worker import WorkDeps
from actors.intake.fetch_session import fetch_session
from actors.messages import STEP_ACTORS
from actors.orders.errands.registry import ERRANDS, run_errand
from actors.products.catalogue import MAIL_QUEUE, rendering_queue
from actors.reports.assemble_report import assemble_report
from actors.reports.begin_report import begin_or_give_up
from actors.reports.claim import Claim
from actors.reports.compute_step import compute_step
from actors.reports.perform_step import perform
from actors.reports.render_chunk import render_chunk
from actors.reports.write_section import write_section
from infra.broker.broker import Broker
from infra.errors import TransientError, describe
from infra.logs import log
from infra.tracing import span
from storage.records.orders import Errand
from storage.records.work import StepResult
from storage.steps import step_kind

#: The backstop for a message whose own time-outs failed: its coroutine is cancelled and its step released. Only
#: work that waits, with an answer in hand, for a MongoDB that is away takes that long.
_TIME_LIMIT_MS = 60 * 60 * 1000

StepWork = Callable[[WorkDeps, Claim], Awaitable[StepResult]]

_RENDERING: dict[str, StepWork] = {
    "render_chunk": render_chunk,
    "assemble_report": assemble_report,
    "compute_step": compute_step,
}


def declare_actors(broker: Broker, queue: str, deps: WorkDeps) -> None:
    """Declare the actors of a worker: those of its product, or the one that completes orders."""
    if queue == MAIL_QUEUE:
        for errand in ERRANDS:
            _declare(broker, deps, queue, errand, partial(_run_errand, deps, errand))
        _declare(broker, deps, queue, "fetch_session", lambda event: fetch_session(deps, event))
        _declare(broker, deps, queue, "tell_alert", lambda alert: tell_alert(deps, alert))
        return
    _declare(broker, deps, queue, "begin_report", lambda report: begin_or_give_up(deps, report))
    _declare(broker, deps, queue, "write_section", partial(_perform, deps, "write_section", write_section))
    for name, work in _RENDERING.items():
        _declare(broker, deps, rendering_queue(queue), name, partial(_perform, deps, name, work))


def _declare(
    broker: Broker, deps: WorkDeps, queue: str, name: str, run: Callable[..., Coroutine[Any, Any, None]]
) -> None:
    async def actor(**ids: str) -> None:
        if not all(isinstance(one, str) for one in ids.values()):
            raise TypeError("A message names its work by ids, which are texts.")  # others would query MongoDB
        try:
            # Whoever has sent it, and how often: the trace follows from the order.
            with span(name, _order_in(ids), queue=queue, step=ids.get("step", "")):
                await run(**ids)
        except TransientError as error:
            # Nothing is lost: the work of this message is recorded in MongoDB, and the sweep asks again.
            log.warning("message_left_to_sweep", actor=name, error=describe(error))
        except asyncio.CancelledError:
            # At the end of the grace period: the step has been released, so the message did not fail.
            if not deps.stopping.is_set():
                raise

    dramatiq.actor(broker=broker, queue_name=queue, actor_name=name, max_retries=0, time_limit=_TIME_LIMIT_MS)(
        actor
    )


def _order_in(ids: Mapping[str, str]) -> str | None:
    return ids.get("order") or ids.get("report", "").partition(":")[0] or None


async def _perform(deps: WorkDeps, name: str, work: StepWork, *, order: str, step: str) -> None:
    """Perform a step, if it is that order's and that actor's: a message may name anything."""
    if step.partition(":")[0] == order and STEP_ACTORS.get(step_kind(step)) == name:
        await perform(deps, order, step, partial(work, deps))
    else:
        log.warning("message_names_no_work", actor=name)


async def _run_errand(deps: WorkDeps, errand: Errand, *, order: str) -> None:
    await run_errand(deps, errand, order)
