"""GET /ops/status: the installation at a glance."""

from starlette.requests import Request
from starlette.responses import Response

from handlers.ops.page import page
from handlers.views.status import status


async def installation(request: Request) -> Response:
    """Show the front door, the provider, queues, workers and what waits."""
    return page(request, "status.html", view=await status(request.state.deps))
