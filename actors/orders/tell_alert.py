"""Tells an operator of trouble: by mail, and by a webhook where one is set."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from actors.deps.worker import WorkDeps
from actors.mail.alert import alert_letter, told_text
from infra.alert_hook import post_alert
from infra.errors import TransientError
from storage.alerts import claim_alert, close_alert, note_told
from storage.records.mail import Alert

log = structlog.get_logger()

_SEND_S = 10.0
#: The pause before an alert that failed to be told is told again. It is longer than telling it may take.
_PAUSE = timedelta(seconds=30)


async def tell_alert(deps: WorkDeps, alert_id: str) -> None:
    """Tell an alert by every way that has not taken it yet: once each, more often only after a crash."""
    now = deps.clock.now()
    alert = await claim_alert(deps.db, alert_id, now, now + _PAUSE)
    if alert is None:
        return
    ways: dict[str, Callable[[WorkDeps, Alert], Awaitable[None]]] = {"mail": _mail, "hook": _hook}
    left = [_tell(deps, alert, way, tell) for way, tell in ways.items() if way not in alert["told"]]
    told = await asyncio.gather(*left)  # a mail server that hangs must not keep the other way waiting
    if all(told):
        await close_alert(deps.db, alert, deps.clock.now())
        log.info("alert_told", kind=alert["kind"], order=alert["order"])


async def _tell(
    deps: WorkDeps, alert: Alert, way: str, tell: Callable[[WorkDeps, Alert], Awaitable[None]]
) -> bool:
    try:
        await tell(deps, alert)
    except TransientError as error:
        log.warning("alert_put_off", way=way, error=str(error))
        return False
    except Exception as error:  # noqa: BLE001  # the other way may work; trying this one again would not
        # Without the error's words: a server may quote the address.
        log.error("alert_refused", way=way, kind=alert["kind"], error=type(error).__name__)
    await note_told(deps.db, alert["_id"], way)
    return True


async def _mail(deps: WorkDeps, alert: Alert) -> None:
    letter = alert_letter(deps, alert)
    deadline = deps.clock.monotonic() + _SEND_S
    await asyncio.to_thread(deps.mailer.send, letter, lambda: deadline - deps.clock.monotonic())


async def _hook(deps: WorkDeps, alert: Alert) -> None:
    if url := deps.settings.alert_webhook_url:
        facts = {name: alert[name] for name in ("kind", "order", "event")}
        await post_alert(url, {**facts, "text": told_text(alert)})
