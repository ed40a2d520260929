"""The order that a customer's link names, and what whoever cannot be served at once is told."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from actors.deps.process import Deps
from infra.links import Links
from storage.database import Document
from storage.orders import find_order_by_token


async def order_of(request: Request) -> Document:
    """Return the order of the path's token; HTTPException 404 for a link that is not ours or names none."""
    deps: Deps = request.state.deps
    token = Links(deps.settings).read(request.path_params["token"])
    order = await find_order_by_token(deps.db, token) if token else None
    if order is None:
        raise HTTPException(404, "There is no such order.\n")
    return order


async def ask_for_patience(_request: Request, _error: Exception) -> Response:
    """Answer 503 where a server does not answer us in time."""
    return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
