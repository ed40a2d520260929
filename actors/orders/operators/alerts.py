"""Alerts that an operator settles or snoozes."""

from datetime import datetime, timedelta

from actors.deps.process import Deps
from infra.errors import PressroomError
from storage import alerts
from storage.audit import Authority, record_action
from storage.records.mail import Alert

#: The longest that an alert is kept quiet.
LONGEST = timedelta(days=7)


class AlertCannotBe(PressroomError):
    """The alert is open no more, has changed since it was looked at, or cannot be snoozed until then."""


async def settle_alert(deps: Deps, alert_id: str, authority: Authority, *, seen: int | None = None) -> None:
    """Settle an alert. If its trouble comes again it is a new one, and told. AlertCannotBe if that cannot be.

    `seen` is the number of its troubles that the operator saw, if that may be some time ago.
    """
    alert = await _open(deps, alert_id, seen)
    await record_action(deps.db, authority, "settled", alert["order"], _subject(alert), deps.clock.now())
    if not await alerts.settle_alert(deps.db, alert, *authority):
        raise AlertCannotBe(_CHANGED)


async def snooze_alert(
    deps: Deps, alert_id: str, until: datetime, authority: Authority, *, seen: int | None = None
) -> None:
    """Have an alert told again at a time, and not before. AlertCannotBe if that cannot be. `seen` as above."""
    now, alert = deps.clock.now(), await _open(deps, alert_id, seen)
    if not timedelta() < until - now <= LONGEST:
        raise AlertCannotBe(f"A snooze ends in the future, and within {LONGEST.days} days.")
    subject = f"{_subject(alert)} until {until.isoformat()}"
    await record_action(deps.db, authority, "snoozed", alert["order"], subject, now)
    if not await alerts.snooze_alert(deps.db, alert, until):
        raise AlertCannotBe(_CHANGED)


_CHANGED = "More trouble of this kind came, or it is over. Look at the alert again."


async def _open(deps: Deps, alert_id: str, seen: int | None) -> Alert:
    alert = await alerts.find_alert(deps.db, alert_id)
    if alert is None:
        raise AlertCannotBe(f"There is no open alert {alert_id}.")
    if seen is not None and seen != len(alert["seen"]):
        raise AlertCannotBe(_CHANGED)
    return alert


def _subject(alert: Alert) -> str:
    return f"alert {alert['kind']} {alert['_id']}"
