"""GET /orders/{token} of a purchase that has no order yet: the page on which a customer comes from the till."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.deps.process import Deps
from actors.intake.arrival import arrive
from actors.products.catalogue import title_of
from handlers.web.page import page
from infra.links import Links
from infra.stripe.client import Stripe


async def arrival_page(request: Request) -> Response:
    """Lead to the order's page, or say how its payment stands. HTTPException 404 for a link that is not ours."""
    deps: Deps = request.state.deps
    links = Links(deps.settings)
    reference = links.read(request.path_params["token"])
    arrival = await arrive(deps, Stripe(deps.settings), reference) if reference else None
    if arrival is None:
        raise HTTPException(404, "There is no such order.\n")
    if arrival.order is not None:
        return RedirectResponse(links.order(arrival.order["token"]), 303)
    title = title_of(arrival.product)
    return page(request, "arrival.html", title=title, state=arrival.state, till=arrival.till)
