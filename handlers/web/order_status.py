"""GET /orders/{token}.json: how far an order is, for whoever holds its link."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handlers.views import order_view
from handlers.web.lookup import order_of

_DEADLINE_S = 3.0
_OPERATORS_ONLY = ("llm", "mails")


async def order_json(request: Request) -> Response:
    """Answer with the order's state and progress, without costs and mails."""
    async with asyncio.timeout(_DEADLINE_S):
        view = await order_view(request.state.deps, await order_of(request))
    shown = {name: value for name, value in view.items() if name not in _OPERATORS_ONLY}
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})
