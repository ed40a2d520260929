"""GET /ops/money: what came in, went back and was spent."""

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from handlers.ops.page import page
from handlers.views.money import NoSuchSums, money_by, thin_orders

#: The default of the pages: a month, and what is to be left of a price.
_DAYS, _BELOW = 30, 90


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
