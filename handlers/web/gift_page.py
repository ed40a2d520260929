"""GET /gifts/{gift}: a gift's reports, as their recipient finds them. Nothing of the purchase is on the page."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.hindrances import withheld_for
from handlers.views.orders import order_progress
from handlers.web.downloads import withhold
from handlers.web.order_page import shown_report
from handlers.web.page import page
from handlers.web.requests import DEADLINE_S, order_of


async def gift_page(request: Request) -> Response:
    """Show who gives it, with their message, its reports, and a button for another mail.

    HTTPException 404 for a link that is not ours. Of what is withheld the recipient hears no reason.
    """
    deps: Deps = request.state.deps
    async with asyncio.timeout(DEADLINE_S):
        order = await order_of(request)
        if "gift" not in order:
            raise HTTPException(404, "There is no such gift.\n")
        if withheld := withheld_for(deps, order):
            return withhold(request, order, withheld)
        view = await order_progress(deps, order)
    return page(
        request,
        "gift.html",
        about=order,
        gift=order["gift"],
        of_gift=True,
        reports=[shown_report(deps, order, report, of_gift=True) for report in view["reports"]],
        state=view["state"],
        path=request.url.path,
    )
