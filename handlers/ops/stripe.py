"""GET /ops/stripe, POST /ops/stripe/look to compare it with us, and POST /ops/stripe to fetch what we lack."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.reconcile import Finding, reconcile
from handlers.ops.acts import carry_out
from handlers.ops.guard import form_of
from handlers.ops.page import page
from infra.errors import PressroomError
from infra.stripe.client import Stripe
from storage.audit import Authority, record_action

#: Stripe keeps events for 30 days: https://docs.stripe.com/api/events
_LONGEST = 30
#: As long as a person waits for a page. A year's shop takes longer, and `pressroom reconcile` has no limit.
_PATIENCE_S = 50.0


class NotCompared(PressroomError):
    """Stripe and we cannot be compared over that time, or not while somebody waits."""


async def stripe(request: Request) -> Response:
    """Show the forms, and how much was fetched by the last one."""
    return await _show(request, "", 200)


async def look(request: Request) -> Response:
    """Show what Stripe has and we lack. It changes nothing."""
    fields = await form_of(request, "operator")
    try:
        found = await _compare(request, fields, dry_run=True)
    except NotCompared as mistake:
        return await _show(request, str(mistake), 422)
    return await _show(request, "", 200, found, fields["days"])


async def fetch(request: Request) -> Response:
    """Place what we lack, and say how much it was. 422 with the reason if that cannot be."""
    return await carry_out(request, "operator", partial(_fetch, request), _show)


async def _fetch(request: Request, fields: Mapping[str, str], authority: Authority) -> str:
    deps: Deps = request.state.deps
    await record_action(deps.db, authority, "reconciled", None, "Stripe", deps.clock.now())
    found = await _compare(request, fields, dry_run=False)
    return f"/ops/stripe?fetched={len(found)}"


async def _compare(request: Request, fields: Mapping[str, str], *, dry_run: bool) -> list[Finding]:
    deps: Deps = request.state.deps
    days = fields.get("days", "")
    if days not in map(str, range(1, _LONGEST + 1)):
        raise NotCompared(f"Stripe keeps events for {_LONGEST} days: say a number of days from 1 to {_LONGEST}.")
    since = deps.clock.now() - timedelta(days=int(days))
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await reconcile(deps, Stripe(deps.settings), since, dry_run=dry_run, progress=lambda *_: None)
    except TimeoutError:
        late = f"Stripe has not told all within {_PATIENCE_S:.0f} s. What was placed by then is placed."
        raise NotCompared(f"{late} Take fewer days, or `pressroom reconcile`.") from None


async def _show(
    request: Request, mistake: str, status: int, found: Sequence[Finding] | None = None, days: str = ""
) -> Response:
    fetched = request.query_params.get("fetched", "")
    return page(
        request,
        "stripe.html",
        status,
        found=found,
        days=days,
        mistake=mistake,
        fetched=fetched if fetched.isdecimal() else "",
        longest=_LONGEST,
        patience_s=int(_PATIENCE_S),
    )
