"""Sends overdue messages again if the broker lost them, or holds them for too long."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from actors.alerts.troubles import Trouble
from actors.deps.process import Deps
from actors.messages import Post, begin_post, errand_of, errand_post, queue_of, resumed_post, send_all, step_post
from actors.products.catalogue import MAIL_QUEUE, queues_of
from actors.products.plans import FORMATS
from actors.reports.advance import give_up
from actors.reports.begin_report import give_up_report
from actors.sweep.items import see_to_each
from infra.logs import log
from infra.metrics import RESENT
from storage.alerts import raise_alert
from storage.database import Database
from storage.errands import ERRAND_CHECK
from storage.orders import find_orders
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

#: The time in Redis after which a message is sent again in any case: its fetch reply may have been lost.
_TOO_OLD = timedelta(minutes=10)
#: The number of sends without a claim after which a step is given up: no worker can take it.
_MAX_SENDS = 20
_BATCH = 500

Work = TypeVar("Work", Step, Report)


async def resend_lost_messages(deps: Deps) -> None:
    """Send again the queued steps whose messages are lost. BrokerIsDown if Redis cannot say which (T9)."""
    overdue = await overdue_messages(deps.db, deps.clock.now(), _BATCH)
    await _resend_lost(deps, overdue, lambda step: (message_of(step), queue_of(step)), keep_queued, _resend)


async def resend_unbegun_reports(deps: Deps) -> None:
    """Send again the lost messages that begin reports (T9)."""
    overdue = await unbegun_reports(deps.db, deps.clock.now(), _BATCH)
    await _resend_lost(
        deps, overdue, lambda one: (one["message"], one["product"]), keep_reports_queued, _resend_report
    )


async def _resend_lost(
    deps: Deps,
    overdue: Sequence[Work],
    message_and_queue_of: Callable[[Work], tuple[str, str]],
    keep: Callable[[Database, Sequence[Work], datetime], Awaitable[None]],
    resend: Callable[[Deps, Work, bool], Awaitable[None]],
) -> None:
    """Send again what the broker lost, or has held for too long. Only sends of lost messages are counted (T9)."""
    now = deps.clock.now()
    messages: dict[str, tuple[str, str]] = {}
    ages: dict[str, timedelta] = {}

    async def look(one: Work) -> None:
        messages[one["_id"]] = message_and_queue_of(one)
        ages[one["_id"]] = now - one["queued_at"]

    sound = await see_to_each(deps, overdue, look)
    held = await _held(deps, dict(messages.values()))
    waiting = [one for one in sound if messages[one["_id"]][0] in held]
    in_line = {one["_id"] for one in waiting if ages[one["_id"]] < _TOO_OLD}
    if in_line:
        await keep(deps.db, [one for one in waiting if one["_id"] in in_line], now)

    async def send_again(one: Work) -> None:
        await resend(deps, one, messages[one["_id"]][0] not in held)

    await see_to_each(deps, [one for one in sound if one["_id"] not in in_line], send_again)
    await _call_for_workers(deps, [one for one in waiting if one["_id"] not in in_line])


async def resend_messages_of(deps: Deps, worker: Worker) -> None:
    """Send again the messages that a dead worker had taken from the broker and not finished (T9)."""
    lost: list[str] = []
    for queue in queues_of(worker["queue"]):
        lost += await asyncio.to_thread(deps.broker.forget_holder, worker["broker_id"], queue)
    await hurry_reports(deps.db, lost, deps.clock.now())
    if worker["queue"] == MAIL_QUEUE:
        await _resend_errands(deps, lost)
    resend = partial(_resend, deps, post_of=resumed_post)
    await see_to_each(deps, await steps_of_messages(deps.db, lost), resend)


async def _resend_errands(deps: Deps, lost: Sequence[str]) -> None:
    """Send again the messages of errands that are still to be run, unless they are put off for longer.

    Not before those that wait: an errand may be what its worker died of, and it is not counted how often.
    """
    asked, by = set(map(errand_of, lost)), deps.clock.now() + ERRAND_CHECK
    orders = await find_orders(deps.db, sorted({order_id for _, order_id in asked if order_id}))
    posts = [
        errand_post(errand, order["_id"])
        for order in orders
        for errand, due_at in order["errands"].items()
        if (errand, order["_id"]) in asked and due_at <= by
    ]
    await send_all(deps, posts)


async def _held(deps: Deps, queues: dict[str, str]) -> set[str]:
    """Return the messages that the broker holds, out of those given with their queues."""
    messages: dict[str, list[str]] = defaultdict(list)
    for message, queue in queues.items():
        messages[queue].append(message)
    held: set[str] = set()
    for queue, asked in messages.items():
        held |= await asyncio.to_thread(deps.broker.holds, queue, asked)
    return held


async def _call_for_workers(deps: Deps, stale: Sequence[Work]) -> None:
    """Alert an operator to queues in which work has waited for long, and which no worker serves."""
    products = {one["product"] for one in stale}
    served = {worker["queue"] for worker in await live_workers(deps.db)} if products else set()
    for product in sorted(products - served):
        trouble = no_worker(product)
        await raise_alert(deps.db, trouble.kind, trouble.text, deps.clock.now(), event=product)


def no_worker(queue: str, lasting_s: float = 0.0) -> Trouble:
    """Return the trouble of a queue that no worker serves."""
    return Trouble("no_worker", queue, f"No worker takes what waits in {queue}.", lasting_s)


async def _resend(
    deps: Deps, step: Step, counted: bool = True, *, post_of: Callable[[Step, str], Post] = step_post
) -> None:
    """Send a step's message again, or give the step up after too many sends that counted (T9)."""
    if step["format"] not in FORMATS:  # its workers are of another version, and may come back, or be replaced
        counted = False
        await _call_for_version(deps, step)
    if counted and step["sends"] >= _MAX_SENDS:
        reason = f"It was queued {_MAX_SENDS} times and no worker claimed it."
        await give_up(deps, step, step["epoch"], reason)
        return
    message = new_message()
    if await requeue_step(deps.db, step, message, deps.clock.now(), counted=counted):
        RESENT.labels(step["product"], step["kind"]).inc()
        log.info("message_sent_again", order=step["order"], step=step["_id"], sends=step["sends"] + 1)
        await send_all(deps, [post_of(step, message)])


async def _call_for_version(deps: Deps, step: Step) -> None:
    """Alert an operator to a step of a plan format that no worker of its queue knows."""
    workers = [one for one in await live_workers(deps.db) if one["queue"] == step["product"]]
    if not any(step["format"] in one["formats"] for one in workers):
        text = f"Steps of plan format {step['format']} wait for a worker that can carry them out."
        await raise_alert(deps.db, "no_worker", text, deps.clock.now(), order=step["order"])


async def _resend_report(deps: Deps, report: Report, counted: bool) -> None:
    """Send the message that begins a report again, or give the report up after too many counted sends (T9)."""
    if report["sends"] >= _MAX_SENDS:
        await give_up_report(deps, report["_id"], f"It was queued {_MAX_SENDS} times and no worker took it.")
        return
    message = begin_message(report["_id"])
    if await requeue_report(deps.db, report, message, deps.clock.now(), counted=counted):
        RESENT.labels(report["product"], "report").inc()
        await send_all(deps, [begin_post({**report, "message": message})])
