"""GET /orders/{token}.json: how far an order is, for whoever holds its link."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from actors.deps import Deps
from handlers.views import order_view
from infra.errors import TransientError
from infra.links import Links
from storage.database import Document
from storage.orders import find_order_by_token

_DEADLINE_S = 3.0
_OPERATORS_ONLY = ("llm", "mails")


async def order_json(request: Request) -> Response:
    """Answer with the order's state and progress, without costs and mails."""
    try:
        async with asyncio.timeout(_DEADLINE_S):
            view = await _view(request.state.deps, request.path_params["token"])
    except (TransientError, TimeoutError):
        return PlainTextResponse("Please try again in a minute.\n", 503, headers={"Retry-After": "60"})
    if view is None:
        return PlainTextResponse("There is no such order.\n", 404)
    return JSONResponse(view, headers={"Cache-Control": "no-store"})


async def _view(deps: Deps, signed: str) -> Document | None:
    token = Links(deps.settings).read(signed)
    order = await find_order_by_token(deps.db, token) if token else None
    if order is None:
        return None
    view = await order_view(deps, order)
    return {name: value for name, value in view.items() if name not in _OPERATORS_ONLY}
