"""Faults of Stripe's API on request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from infra.local.serve import Fault
from infra.local.stripe.wire import Refusal


class StripeFault(Fault):
    """Do wrong with a request to the API whose path begins with `path`.

    `status` answers with that HTTP status, and `reset` cuts the line: nothing is done. `saved` does as `status`,
    and gives the same answer to each later request with its idempotency key, as Stripe does for a day with a 500
    as well. `hang` fulfils the request and answers after `seconds`; `lost` does it and cuts the line.
    """

    kind: Literal["status", "saved", "reset", "hang", "lost"] = "status"
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    seconds: float = 30.0
    path: str = "/v1/"

    @property
    def refusal(self) -> Refusal:
        """Stripe's answer where nothing is done."""
        return Refusal("Fault on request.", self.status)

    async def disturb(self, request: Request, act: Callable[[Request], Awaitable[Response]]) -> Response:
        """Answer this request wrongly, in the way of this fault."""
        if self.kind == "status":
            return self.refusal.answer()
        # uvicorn drops what is sent on a line that is gone, so an empty answer stands for none.
        response = Response() if self.kind == "reset" else await act(request)
        if self.kind == "hang":
            await asyncio.sleep(self.seconds)
        else:
            request.state.line.abort()
        return response
