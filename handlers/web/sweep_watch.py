"""Watch of the web process over the sweep: it tells what neither a sweep nor a mail worker does."""

from datetime import timedelta
from functools import partial

from actors.alerts.sweep_watch import SweepWatch
from actors.deps.process import Deps
from actors.mail.formatting import posted
from storage.alerts import claim_alert, note_told

#: Mail workers miss a sweep after half of that, and tell it by mail as well.
_AFTER_S = 60.0
#: The pause before a webhook that did not take an alert is asked again.
_PAUSE = timedelta(seconds=30)


def sweep_watch(deps: Deps) -> SweepWatch:
    """Return a watch that tells the operators' webhook, if one is set."""
    return SweepWatch(deps, _AFTER_S, partial(post_left_alert, deps))


async def post_left_alert(deps: Deps, alert_id: str) -> None:
    """Tell an alert by the operators' webhook alone. The mail is left to a mail worker."""
    url, now = deps.settings.alert_webhook_url, deps.clock.now()
    alert = await claim_alert(deps.db, alert_id, now, now + _PAUSE, way="hook") if url else None
    if url and alert:
        from infra.alert_hook import post_alert  # here, since most web processes never need its library

        await post_alert(url, posted(alert))
        await note_told(deps.db, alert, "hook")
