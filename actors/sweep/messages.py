"""Sends overdue messages again if the broker lost them, or holds them for too long."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from actors.deps.process import Deps
from actors.messages import begin_post, queue_of, send_all, send_step
from actors.products.catalogue import queues_of
from actors.products.plans import FORMAT
from actors.reports.advance import give_up
from actors.reports.begin_report import give_up_report
from storage.alerts import raise_alert
from storage.queueing import (
    keep_queued,
    message_of,
    new_message,
    overdue_messages,
    requeue_step,
    steps_of_messages,
)
from storage.records.work import Report, Step, Worker
from storage.reports import begin_message, hurry_reports, keep_reports_queued, requeue_report, unbegun_reports
from storage.workers import live_workers

log = structlog.get_logger()

#: The time in Redis after which a message is sent again in any case: its fetch reply may have been lost.
_TOO_OLD = timedelta(minutes=10)
#: The number of sends without a claim after which a step is given up: no worker can take it.
_MAX_SENDS = 20
_BATCH = 500

Work = TypeVar("Work", Step, Report)


async def resend_lost_messages(deps: Deps) -> None:
    """Send again the queued steps whose messages are lost. BrokerIsDown if Redis cannot say which (T9)."""
    now = deps.clock.now()
    overdue = await overdue_messages(deps.db, now, _BATCH)
    held = await _held(deps, {message_of(step): queue_of(step) for step in overdue})
    in_line, stale = _by_age([step for step in overdue if message_of(step) in held], now)
    if in_line:
        await keep_queued(deps.db, in_line, now)
    for step in _without(overdue, in_line):
        await _resend(deps, step, counted=message_of(step) not in held)
    await _call_for_workers(deps, stale)


async def resend_unbegun_reports(deps: Deps) -> None:
    """Send again the lost messages that begin reports (T9)."""
    now = deps.clock.now()
    overdue = await unbegun_reports(deps.db, now, _BATCH)
    held = await _held(deps, {report["message"]: report["product"] for report in overdue})
    in_line, stale = _by_age([report for report in overdue if report["message"] in held], now)
    if in_line:
        await keep_reports_queued(deps.db, in_line, now)
    for report in _without(overdue, in_line):
        await _resend_report(deps, report, counted=report["message"] not in held)
    await _call_for_workers(deps, stale)


async def resend_messages_of(deps: Deps, worker: Worker) -> None:
    """Send again the messages that a dead worker had taken from the broker and not finished (T9)."""
    lost: list[str] = []
    for queue in queues_of(worker["queue"]):
        lost += await asyncio.to_thread(deps.broker.forget_holder, worker["broker_id"], queue)
    await hurry_reports(deps.db, lost, deps.clock.now())
    for step in await steps_of_messages(deps.db, lost):
        await _resend(deps, step)


async def _held(deps: Deps, queues: dict[str, str]) -> set[str]:
    """Return the messages that the broker holds, out of those given with their queues."""
    messages: dict[str, list[str]] = defaultdict(list)
    for message, queue in queues.items():
        messages[queue].append(message)
    held: set[str] = set()
    for queue, asked in messages.items():
        held |= await asyncio.to_thread(deps.broker.holds, queue, asked)
    return held


def _by_age(held: Sequence[Work], now: datetime) -> tuple[list[Work], list[Work]]:
    """Divide steps or reports whose messages the broker holds: those in line, and those with too old a message."""
    in_line = [one for one in held if now - one["queued_at"] < _TOO_OLD]
    stale = [one for one in held if now - one["queued_at"] >= _TOO_OLD]
    return in_line, stale


def _without(overdue: Sequence[Work], in_line: Sequence[Work]) -> list[Work]:
    """Return those of the overdue ones whose messages are to be sent again, in their order."""
    left_alone = {one["_id"] for one in in_line}
    return [one for one in overdue if one["_id"] not in left_alone]


async def _call_for_workers(deps: Deps, stale: Sequence[Step] | Sequence[Report]) -> None:
    """Alert an operator to queues in which work has waited for long, and which no worker serves."""
    products = {one["product"] for one in stale}
    served = {worker["queue"] for worker in await live_workers(deps.db)} if products else set()
    for product in sorted(products - served):
        text = f"No worker takes what waits in {product}."
        await raise_alert(deps.db, "no_worker", text, deps.clock.now(), event=product)


async def _resend(deps: Deps, step: Step, *, counted: bool = True) -> None:
    """Send a step's message again, or give the step up after too many sends that counted (T9).

    Only sends of lost messages are counted.
    """
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


async def _resend_report(deps: Deps, report: Report, *, counted: bool) -> None:
    """Send the message that begins a report again, or give the report up after too many counted sends (T9)."""
    if report["sends"] >= _MAX_SENDS:
        await give_up_report(deps, report["_id"], f"It was queued {_MAX_SENDS} times and no worker took it.")
        return
    message = begin_message(report["_id"])
    if await requeue_report(deps.db, report, message, deps.clock.now(), counted=counted):
        await send_all(deps, [begin_post({**report, "message": message})])
