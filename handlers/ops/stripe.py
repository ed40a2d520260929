"""GET /ops/stripe, POST /ops/stripe/look to compare it with us, and POST /ops/stripe to fetch what we lack."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.intake.explain import why_unknown
from actors.intake.reconcile import Finding, reconcile
from actors.intake.strangers import unknown_to_stripe
from handlers.ops.acts import Fields
from handlers.ops.guard import form_of
from handlers.ops.page import page
from infra.errors import PressroomError
from infra.stripe.client import Stripe
from storage.audit import Authority, record_action

Compared = TypeVar("Compared")

#: Stripe keeps events for 30 days: https://docs.stripe.com/api/events
_LONGEST = 30
#: As long as a person waits for a page. A year's shop takes longer, and `pressroom reconcile` has no limit.
_PATIENCE_S = 50.0
#: The sessions and events of other shops that are listed.
_MOST_FOREIGN = 100


class NotCompared(PressroomError):
    """Stripe and we cannot be compared over that time, or not while somebody waits."""


async def look(request: Request) -> Response:
    """Show what Stripe has and we lack, and what we have that it does not know. It changes nothing."""
    fields = await form_of(request, "operator")
    deps: Deps = request.state.deps
    till, foreign = Stripe(deps.settings), list[Finding]()
    try:
        since = _since(deps, fields)
        found = await _in_time(reconcile(deps, till, since, dry_run=True, foreign=foreign))
        unknown = await _in_time(unknown_to_stripe(deps, till, since))
    except NotCompared as mistake:
        return await stripe(request, str(mistake), 422)
    whys = dict(zip(unknown, await why_unknown(deps, unknown), strict=True))
    return await stripe(request, found=found, foreign=foreign, unknown=whys, days=fields["days"])


async def fetch(request: Request, fields: Fields, authority: Authority) -> str:
    """Place what we lack, and say how much it was."""
    deps: Deps = request.state.deps
    since = _since(deps, fields)
    await record_action(deps.db, authority, "reconciled", None, "Stripe", deps.clock.now())
    till = Stripe(deps.settings)
    found = await _in_time(reconcile(deps, till, since, dry_run=False))
    return f"/ops/stripe?fetched={len(found)}"


def _since(deps: Deps, fields: Fields) -> datetime:
    days = fields.get("days", "")
    if days not in map(str, range(1, _LONGEST + 1)):
        raise NotCompared(f"Stripe keeps events for {_LONGEST} days: say a number of days from 1 to {_LONGEST}.")
    return deps.clock.now() - timedelta(days=int(days))


async def _in_time(comparison: Coroutine[None, None, Compared]) -> Compared:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await comparison
    except TimeoutError:
        late = f"Stripe has not told all within {_PATIENCE_S:.0f} s. What was placed by then is placed."
        raise NotCompared(f"{late} Take fewer days, or `pressroom reconcile`.") from None


async def stripe(
    request: Request,
    mistake: str = "",
    status: int = 200,
    *,
    found: Sequence[Finding] | None = None,
    foreign: Sequence[Finding] = (),
    unknown: Mapping[str, str] = MappingProxyType({}),
    days: str = "",
) -> Response:
    """Show the forms, and what a comparison found, or how much was fetched by the last one."""
    fetched = request.query_params.get("fetched", "")
    return page(
        request,
        "stripe.html",
        status,
        found=found,
        foreign=foreign[:_MOST_FOREIGN],
        foreigners=len(foreign),
        unknown=unknown,
        days=days,
        mistake=mistake,
        fetched=fetched if fetched.isdecimal() else "",
        longest=_LONGEST,
        patience_s=int(_PATIENCE_S),
    )
