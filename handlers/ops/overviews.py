"""Overviews to look at and no more: the installation at /ops/status, its money and its mails."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from handlers.ops.page import page
from handlers.views.mails import MailState, mails_view
from handlers.views.money import NoSuchSums, money_by, thin_orders
from handlers.views.status import status

#: Mails on a page.
_MOST_MAILS = 100
#: The default of the page of money: a month, and what is to be left of a price.
_DAYS, _BELOW = 30, 90


async def installation(request: Request) -> Response:
    """Show the front door, the provider, queues, workers and what waits."""
    return page(request, "status.html", view=await status(request.state.deps))


async def mails(request: Request) -> Response:
    """Show the newest mails to customers, with what the mail server said of each, those of one state if named."""
    named = request.query_params.get("state")
    states: tuple[MailState, ...] = get_args(MailState)
    state = next((one for one in states if one == named), None)
    found = await mails_view(request.state.deps, state, _MOST_MAILS)
    return page(request, "mails.html", mails=found, state=state, states=states)


async def money(request: Request) -> Response:
    """Show the sums of some days, and the orders that earn little. 422 if it is not known which."""
    asked = request.query_params
    deps: Deps = request.state.deps
    by, days, below = asked.get("by", "product"), asked.get("days", str(_DAYS)), asked.get("below", str(_BELOW))
    shown = {"by": by, "days": days, "below": below}
    try:
        sums = await money_by(deps, by, _number(days))
        thin = await thin_orders(deps, _number(days), _number(below))
    except NoSuchSums as mistake:
        return page(request, "money.html", 422, mistake=str(mistake), sums=None, thin=(), asked=shown)
    return page(request, "money.html", mistake="", sums=sums, thin=thin, asked=shown)


def _number(text: str) -> int:
    """Return a number of at most three digits. 0, which is none of ours, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0
