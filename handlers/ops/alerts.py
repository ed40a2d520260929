"""GET /ops/alerts and /ops/alerts/{alert}, and POST to settle or snooze one."""

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.operators.alerts import LONGEST, settle_alert, snooze_alert
from handlers.ops.acts import Fields
from handlers.ops.page import expect, page
from handlers.spans import read_end
from handlers.views.alerts import alert_view, settled_view
from storage.alerts import find_alert, open_alerts, settled_alerts
from storage.audit import Authority

#: Alerts on a page, open ones and settled ones.
_MOST, _MOST_SETTLED = 200, 30


async def alerts(request: Request) -> Response:
    """Show the open alerts, the newest first, and those that were settled of late."""
    deps: Deps = request.state.deps
    still = [alert_view(one) for one in await open_alerts(deps.db, _MOST)]
    settled = [settled_view(one) for one in await settled_alerts(deps.db, _MOST_SETTLED)]
    return page(request, "alerts.html", alerts=still, settled=settled, more=len(still) == _MOST)


async def alert(request: Request, mistake: str = "", status: int = 200) -> Response:
    """Show an open alert with all its troubles."""
    deps: Deps = request.state.deps
    found = await find_alert(deps.db, request.path_params["alert"])
    view = alert_view(expect(found, "There is no such open alert. It may be settled."))
    return page(request, "alert.html", status, alert=view, mistake=mistake, longest=LONGEST.days)


async def settle_or_snooze(request: Request, fields: Fields, authority: Authority) -> str:
    """Settle or snooze an alert, then show those that are left."""
    deps: Deps = request.state.deps
    alert_id, seen = request.path_params["alert"], fields.get("seen", "")
    shown = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1
    if fields.get("action") == "snooze":
        until = read_end(fields.get("for", ""), deps.clock.now())
        await snooze_alert(deps, alert_id, until, authority, seen=shown)
    else:
        await settle_alert(deps, alert_id, authority, seen=shown)
    return "/ops/alerts"
