"""Messages that should have been heard of: sent again if the broker holds them no more, or for too long."""

import asyncio
from collections.abc import Collection
from datetime import timedelta

import structlog

from actors.deps.process import Deps
from actors.messages import begin_post, queue_of, send_all, send_step
from actors.products.catalogue import queues_of
from actors.products.plans import FORMAT
from actors.reports.advance import give_up
from actors.reports.begin_report import give_up_report
from storage.alerts import raise_alert
from storage.database import Document
from storage.queueing import (
    keep_queued,
    message_of,
    new_message,
    overdue_messages,
    requeue_step,
    steps_of_messages,
)
from storage.reports import begin_message, hurry_reports, keep_reports_queued, requeue_report, unbegun_reports
from storage.workers import live_workers

log = structlog.get_logger()

#: A message that Redis has held for this long may be one whose fetch reply was lost: sent again whatever it says.
_TOO_OLD = timedelta(minutes=10)
#: Sends without a claim before a step is given up: nobody can take it.
_MAX_SENDS = 20
_BATCH = 500


async def resend_lost_messages(deps: Deps) -> None:
    """T9: send again the queued steps whose messages are lost. BrokerIsDown if Redis cannot say which."""
    now = deps.clock.now()
    overdue = await overdue_messages(deps.db, now, _BATCH)
    messages = {step["_id"]: message_of(step) for step in overdue}
    held = await _held(deps, {messages[step["_id"]]: queue_of(step) for step in overdue})
    fresh = [s for s in overdue if messages[s["_id"]] in held and now - s["queued_at"] < _TOO_OLD]
    if fresh:
        await keep_queued(deps.db, fresh, now)
    kept = {step["_id"] for step in fresh}
    stale = {step["_id"]: step["product"] for step in overdue if messages[step["_id"]] in held}
    for step in overdue:
        if step["_id"] not in kept:
            await _resend(deps, step, counted=step["_id"] not in stale)
    await _call_for_workers(deps, {product for step, product in stale.items() if step not in kept})


async def resend_unbegun_reports(deps: Deps) -> None:
    """T9, for the message that begins a report."""
    now = deps.clock.now()
    overdue = await unbegun_reports(deps.db, now, _BATCH)
    held = await _held(deps, {report["message"]: report["product"] for report in overdue})
    kept = [r for r in overdue if r["message"] in held and now - r["queued_at"] < _TOO_OLD]
    if kept:
        await keep_reports_queued(deps.db, kept, now)
    for report in overdue:
        if report in kept:
            continue
        if report["sends"] >= _MAX_SENDS:
            await give_up_report(deps, report["_id"], f"It was queued {_MAX_SENDS} times and no worker took it.")
            continue
        message, counted = begin_message(report["_id"]), report["message"] not in held
        if await requeue_report(deps.db, report, message, now, counted=counted):
            await send_all(deps, [begin_post({**report, "message": message})])
    await _call_for_workers(deps, {r["product"] for r in overdue if r["message"] in held and r not in kept})


async def resend_messages_of(deps: Deps, worker: Document) -> None:
    """Send again what a dead worker had taken from the broker and not finished."""
    lost: list[str] = []
    for queue in queues_of(worker["queue"]):
        lost += await asyncio.to_thread(deps.broker.forget_holder, worker["broker_id"], queue)
    await hurry_reports(deps.db, lost, deps.clock.now())
    for step in await steps_of_messages(deps.db, lost):
        await _resend(deps, step)


async def _call_for_workers(deps: Deps, products: Collection[str]) -> None:
    """Alert an operator to queues in which work has waited for long, and that nobody serves."""
    served = {worker["queue"] for worker in await live_workers(deps.db)} if products else set()
    for product in sorted(set(products) - served):
        text = f"No worker takes what waits in {product}."
        await raise_alert(deps.db, "no_worker", text, deps.clock.now(), event=product)


async def _resend(deps: Deps, step: Document, *, counted: bool = True) -> None:
    if step["format"] != FORMAT:  # its workers are of another version, and may come back, or be replaced
        counted, text = False, f"Steps of plan format {step['format']} wait for a worker that can carry them out."
        await raise_alert(deps.db, "no_worker", text, deps.clock.now(), order=step["order"])
    if counted and step["sends"] >= _MAX_SENDS:
        reason = f"It was queued {_MAX_SENDS} times and no worker claimed it."
        await give_up(deps, step, step["epoch"], reason)
        return
    message = new_message()
    if await requeue_step(deps.db, step, message, deps.clock.now(), counted=counted):
        log.info("message_sent_again", order=step["order"], step=step["_id"], sends=step["sends"] + 1)
        await send_step(deps, step, message)


async def _held(deps: Deps, queues: dict[str, str]) -> set[str]:
    """Return which messages, given with their queues, the broker holds."""
    held: set[str] = set()
    for queue in set(queues.values()):
        messages = [message for message, its_queue in queues.items() if its_queue == queue]
        held |= await asyncio.to_thread(deps.broker.holds, queue, messages)
    return held
