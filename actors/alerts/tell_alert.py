"""Tells an operator of trouble: by mail, and by a webhook where one is set."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Literal

from actors.deps.mailing import MailDeps
from actors.mail.alert import alert_letter
from actors.mail.formatting import posted
from infra.alert_hook import post_alert
from infra.errors import TransientError, describe
from infra.logs import log
from infra.mail.errors import MailServerIsBusy, MailServerRefusesUs
from storage.alerts import claim_alert, close_alert, note_told, put_off_alert
from storage.records.mail import Alert

_SEND_S = 10.0
#: The pause before an alert that failed to be told is told again. It is longer than telling it may take.
_PAUSE = timedelta(seconds=30)
#: The pause before one that nobody heard. It doubles with each time, since a person must mend a way first.
_LONGEST_PAUSE = timedelta(minutes=10)

Way = Callable[[MailDeps, Alert], Awaitable[None]]
Outcome = Literal["heard", "not now", "refused"]


async def tell_alert(deps: MailDeps, alert_id: str) -> None:
    """Tell an alert by every way that has not taken it yet: once each, more often only after a crash.

    A way that refuses it is left out if another has taken it. An alert that none has taken stays due.
    """
    now = deps.clock.now()
    alert = await claim_alert(deps.db, alert_id, now, now + _PAUSE)
    if alert is None:
        return
    left = [_tell(deps, alert, way, tell) for way, tell in _ways(deps).items() if way not in alert["told"]]
    outcomes = await asyncio.gather(*left)  # a mail server that hangs must not keep the other way waiting
    if not alert["told"] and "heard" not in outcomes:
        await _put_off(deps, alert)
    elif "not now" not in outcomes:
        await close_alert(deps.db, alert, deps.clock.now())
        log.info("alert_told", kind=alert["kind"], order=alert["order"])


def _ways(deps: MailDeps) -> dict[str, Way]:
    """Return the ways by which operators are told, by name: each address is one."""
    mails = enumerate(deps.settings.operators, 1)
    ways: dict[str, Way] = {f"mail {n}" if n > 1 else "mail": partial(_mail, address) for n, address in mails}
    if url := deps.settings.alert_webhook_url:
        ways["hook"] = partial(_hook, url)
    return ways


async def _tell(deps: MailDeps, alert: Alert, way: str, tell: Way) -> Outcome:
    try:
        await tell(deps, alert)
    # In words that quote nothing: a server may quote the address.
    except TransientError as error:
        log.warning("alert_put_off", way=way, error=describe(error))
        # A way that a person must mend does not keep open what was heard by another.
        return "refused" if isinstance(error, MailServerRefusesUs) else "not now"
    except Exception as error:  # noqa: BLE001  # the other way may work
        log.error("alert_refused", way=way, kind=alert["kind"], error=describe(error))
        return "refused"
    await note_told(deps.db, alert, way)
    return "heard"


async def _put_off(deps: MailDeps, alert: Alert) -> None:
    pause = min(_PAUSE * 2 ** min(alert.get("unheard", 0), 10), _LONGEST_PAUSE)
    log.error(
        "no_way_of_telling_works", kind=alert["kind"], order=alert["order"], again_in_s=pause.total_seconds()
    )
    await put_off_alert(deps.db, alert, deps.clock.now() + pause)


async def _mail(address: str, deps: MailDeps, alert: Alert) -> None:
    letter = alert_letter(deps, alert, address)
    async with deps.alerts.place() as free:
        if not free:
            raise MailServerIsBusy("The mails of other alerts wait for the mail server.")
        deadline = deps.clock.monotonic() + _SEND_S
        await asyncio.to_thread(deps.mailer.send, letter, lambda: deadline - deps.clock.monotonic())


async def _hook(url: str, _deps: MailDeps, alert: Alert) -> None:
    await post_alert(url, posted(alert))
