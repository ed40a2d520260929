"""Looks after orders: events, errands, alerts, places, bulk work and lost PDFs. Drops old events and forms."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from actors.alerts.tell_alert import tell_alert
from actors.deps.accounts import watching_accounts
from actors.deps.mailing import with_mailer
from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from actors.messages import Post, errand_post, send_all
from actors.orders.operators.bulk import carry_out
from actors.products.catalogue import MAIL_QUEUE, PRODUCTS
from actors.reports.admission import admit, admit_waiting, release_places
from actors.reports.lost_books import ask_for_reprint, is_lost
from actors.sweep.items import see_to_each
from storage.alerts import admit_alerts, count_admitted, due_alerts, end_unmet_account_troubles, gather_alerts
from storage.bulk import running_bulks
from storage.database import Document
from storage.errands import ERRAND_CHECK, orders_with_errands, reschedule
from storage.events import drop_events, unapplied_events
from storage.forms import KEPT_FOR, drop_forms
from storage.grouping import by_id, grouped, ids_of
from storage.order_state import is_parked
from storage.orders import orders_at_a_glance
from storage.records.mail import Alert
from storage.records.orders import Order
from storage.records.work import Report, TenantPlaces
from storage.reports import find_reports, newest_stored
from storage.steps import has_live_steps
from storage.tenants import places_taken, tenants_waiting

_EVENTS_AT_ONCE, _ERRANDS_AT_ONCE, _ALERTS_AT_ONCE = 100, 500, 500
#: Bulks that are carried out side by side.
_BULKS_AT_ONCE = 10
#: The most mails in a minute (for each sweep that runs): as many as a person may still read one by one.
_MOST_ALERTS, _WITHIN = 20, timedelta(minutes=1)
#: The time that a mail worker has to take an alert. It is longer than a worker may take to tell it.
_LEFT_FOR = timedelta(seconds=30)
#: The alerts that the sweep tells in one round. A server that hangs takes a thread for each, of six or more.
_TOLD_AT_ONCE = 4
#: The part of a text that a chat shows (Slack: 40,000 characters).
_MAX_TEXT = 30_000
#: The part of one trouble's text that a list shows.
_MAX_LINE = 1000
#: The number of newest reports whose PDFs are looked for, since customers open new ones. Older losses are noticed
#: when a customer opens the report. To look for all, for ever, would also bring back those that a bucket's own
#: rules let go.
_NEWEST_BOOKS = 100
#: The most in one round, so that chapters of fresh orders do not stand behind a whole bucket that was lost.
_BOOKS_AT_ONCE = 10
#: Removed in one round, of applied and of ignored ones: 144,000 a day of each, in commands too short to be
#: noticed.
_DROPPED_EVENTS = 1000
#: Removed in one round: 288,000 a day, in commands too short to be noticed.
_DROPPED_FORMS = 2000


async def apply_left_events(deps: Deps) -> None:
    """Apply events that were not applied in time."""
    left = await unapplied_events(deps.db, deps.clock.now(), _EVENTS_AT_ONCE)
    if left:
        events = [Event(event["_id"], event["type"], event["raw"]) for event in left]
        await finish_events(deps, await apply_events(deps, events))


async def send_due_errands(deps: Deps) -> None:
    """Send the messages of due errands again. Each claims its work, so two messages do no harm."""
    now = deps.clock.now()
    posts: list[Post] = []

    async def look(order: Order) -> None:
        due = [errand for errand, at in order["errands"].items() if at <= now]
        if await reschedule(deps.db, order, order["errands"] | dict.fromkeys(due, now + ERRAND_CHECK)):
            posts.extend(errand_post(errand, order["_id"]) for errand in due)

    await see_to_each(deps, await orders_with_errands(deps.db, now, _ERRANDS_AT_ONCE), look)
    await send_all(deps, posts)


async def carry_out_bulks(deps: Deps) -> None:
    """See to a few letters of each bulk that operators began and that is under way."""
    await see_to_each(deps, await running_bulks(deps.db, _BULKS_AT_ONCE), partial(carry_out, deps))


async def send_alerts(deps: Deps) -> None:
    """Wake a mail worker for every alert that is to be told, one by one. Of too many the last are told as one.

    Fifty orders that fail together are not fifty mails. Alerts that no worker can hear of, or has told for half a
    minute, are told here.
    """
    now = deps.clock.now()
    due = await due_alerts(deps.db, now, _ALERTS_AT_ONCE)
    fresh = [alert for alert in due if "admitted_at" not in alert]
    to_tell = [alert["_id"] for alert in due if "admitted_at" in alert]
    if fresh:
        to_tell += await _admit_alerts(deps, fresh, now)
    # Before letters, which may wait long for their server. The first of those that go in front is the last sent.
    to_tell.reverse()
    posts = [Post(MAIL_QUEUE, "tell_alert", alert, {"alert": alert}, first=True) for alert in to_tell]
    left = {alert["_id"] for alert in due if _is_ours(alert, now)}
    if not await send_all(deps, posts):
        left.update(to_tell)
    await _tell(deps, [alert for alert in reversed(to_tell) if alert in left][:_TOLD_AT_ONCE])


def _is_ours(alert: Alert, now: datetime) -> bool:
    """Return whether no mail worker tells an alert: it says that none is there, or was left alone for long."""
    return alert["due_at"] <= now - _LEFT_FOR or (alert["kind"], alert["event"]) == ("no_worker", MAIL_QUEUE)


async def _tell(deps: Deps, alerts: Sequence[str]) -> None:
    """Tell alerts as a mail worker does, if none tells them meanwhile."""
    if alerts:
        telling = with_mailer(deps)
        await asyncio.gather(*(tell_alert(telling, alert) for alert in alerts))


async def _admit_alerts(deps: Deps, fresh: Sequence[Alert], now: datetime) -> list[str]:
    """Admit as many alerts as a minute may have, the last place for all the rest. Returns those to be told."""
    room = _MOST_ALERTS - await count_admitted(deps.db, now - _WITHIN)
    alone = max(0, room if len(fresh) <= room else room - 1)
    single, gathered = fresh[:alone], fresh[alone:]
    if single:
        await admit_alerts(deps.db, single, now)
    admitted = ids_of(single)
    if gathered and room > 0:
        named = _as_many_as_fit(gathered)
        admitted.append(await gather_alerts(deps.db, named, _list_of(named), now))
    return admitted


def _as_many_as_fit(alerts: Sequence[Alert]) -> Sequence[Alert]:
    """Return the first alerts, as many as one text has room for. The others wait for the next."""
    while len(alerts) > 1 and len(_list_of(alerts)) > _MAX_TEXT:
        alerts = alerts[: len(alerts) * 9 // 10]
    return alerts


def _list_of(alerts: Sequence[Alert]) -> str:
    """Return the text of gathered alerts: a line for each trouble, with all orders or events that have it."""
    lines = [f"{len(alerts)} more alerts"]
    for (kind, text), alike in grouped(alerts, lambda alert: (alert["kind"], alert["text"][:_MAX_LINE])).items():
        lines.append(f"{text} ({kind}): " + ", ".join(alert["order"] or alert["event"] or "" for alert in alike))
    return "\n".join(lines)


async def admit_in_turn(deps: Deps) -> None:
    """Heal the places of every tenant after a crash, and begin the reports that may begin (T4)."""
    posts: list[Post] = []

    async def heal(tenant: TenantPlaces) -> None:
        posts.extend(await _heal_places(deps, tenant))

    async def begin(tenant: Document) -> None:
        posts.extend(await admit_waiting(deps, tenant["_id"]))

    await see_to_each(deps, await places_taken(deps.db), heal)
    await see_to_each(deps, [{"_id": tenant} for tenant in await tenants_waiting(deps.db)], begin)
    await send_all(deps, posts)


async def _heal_places(deps: Deps, tenant: TenantPlaces) -> list[Post]:
    """Begin reports that have a place and wait, and give unused places to those that wait for one."""
    posts: list[Post] = []
    found = by_id(await find_reports(deps.db, tenant["reports"]))
    running = [report["order"] for report in found.values() if report["state"] == "running"]
    orders = by_id(await orders_at_a_glance(deps.db, running)) if running else {}
    over = [report for report in tenant["reports"] if await _is_over(deps, found.get(report), orders)]
    for report in found.values():
        if report["state"] == "waiting":
            posts += await admit(deps, report)
    if over:
        posts += await release_places(deps, tenant["_id"], over)
    return posts


async def _is_over(deps: Deps, report: Report | None, orders: Mapping[str, Order]) -> bool:
    """Return whether a report is in progress no more. One that waits for dead steps is an operator's.

    So is one whose order is paused or withdrawn from: it goes on outside the limit, as after a replay.
    """
    if report is None or report["state"] in {"stored", "dead"} or report["stopped"]:
        return True
    if report["state"] != "running":
        return False
    order = orders.get(report["order"])
    is_operators = order is not None and is_parked(order, "write")
    return is_operators or not (any(report["slots"].values()) or await has_live_steps(deps.db, report["_id"]))


async def seek_lost_books(deps: Deps) -> None:
    """Ask for the newest reports' PDFs to be made again where S3 has lost them. Each costs one request to S3.

    Customers are likely to open them, and they are looked for before that.
    """
    lost: list[str] = []

    async def look(report: Report) -> None:
        if len(lost) < _BOOKS_AT_ONCE and await is_lost(deps, report):
            lost.append(report["order"])
            await ask_for_reprint(deps, report["order"])

    async with watching_accounts(deps, "seek_lost_books"):
        await see_to_each(deps, await newest_stored(deps.db, list(PRODUCTS), _NEWEST_BOOKS), look)


async def end_unmet_troubles(deps: Deps) -> None:
    """End the alerts about accounts whose trouble nothing meets any more."""
    await end_unmet_account_troubles(deps.db, deps.clock.now())


async def drop_old_events(deps: Deps) -> None:
    """Remove the oldest events that are kept no longer, if the settings say how long."""
    if days := deps.settings.retain_events_days:
        await drop_events(deps.db, deps.clock.now() - timedelta(days=days), _DROPPED_EVENTS)


async def drop_old_forms(deps: Deps) -> None:
    """Remove the oldest forms that were filled in and that no payment will ask for any more."""
    await drop_forms(deps.db, deps.clock.now() - KEPT_FOR, _DROPPED_FORMS)
