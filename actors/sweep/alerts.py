"""Alerts go out one by one, those of a burst as one list: fifty orders that fail together are not fifty mails."""

from collections.abc import Sequence
from datetime import timedelta

from actors.deps.process import Deps
from actors.messages import Post, send_all
from actors.products.catalogue import MAIL_QUEUE
from storage.alerts import admit_alerts, count_admitted, due_alerts, gather_alerts
from storage.database import Document
from storage.grouping import grouped

_BATCH = 500
#: Mails in a minute (for each sweep that runs): as many as somebody may still read one by one.
_MOST, _WITHIN = 20, timedelta(minutes=1)
#: What a chat shows of a text (Slack: 40,000 characters).
_MAX_TEXT = 30_000


async def send_alerts(deps: Deps) -> None:
    """Wake a mail worker for every alert that is to be told; of too many the last are told as one."""
    now = deps.clock.now()
    due = await due_alerts(deps.db, now, _BATCH)
    fresh = [alert for alert in due if "admitted_at" not in alert]
    out = [alert["_id"] for alert in due if "admitted_at" in alert]
    room = _MOST - await count_admitted(deps.db, now - _WITHIN) if fresh else 0
    alone = max(0, room if len(fresh) <= room else room - 1)
    if fresh[:alone]:
        await admit_alerts(deps.db, fresh[:alone], now)
        out += [alert["_id"] for alert in fresh[:alone]]
    if fresh[alone:] and room > 0:
        out.append(await gather_alerts(deps.db, fresh[alone:], _list_of(fresh[alone:]), now))
    # Before letters, which may wait long for their server; the first of those that go in front is the last sent.
    posts = [Post(MAIL_QUEUE, "tell_alert", alert, {"alert": alert}, first=True) for alert in reversed(out)]
    await send_all(deps, posts)


def _list_of(alerts: Sequence[Document]) -> str:
    """Return what alerts say: a line for each trouble, with all that have it."""
    lines = [f"{len(alerts)} more alerts"]
    for (kind, text), alike in grouped(alerts, lambda alert: (alert["kind"], alert["text"])).items():
        lines.append(f"{text} ({kind}): " + ", ".join(alert["order"] or alert["event"] or "" for alert in alike))
    return "\n".join(lines)[:_MAX_TEXT]
