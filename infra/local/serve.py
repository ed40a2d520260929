"""What our own stubs have in common: how they serve HTTP, and how one asks them for faults."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.local.ports import HOST


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """Something to do wrong `times` times, for ever if not given."""

    times: int | None = None


F = TypeVar("F", bound=Fault)


class Faults(list[F]):
    """The faults still to come, in the order in which they were asked for."""

    def take(self, fits: Callable[[F], bool]) -> F | None:
        """The first fault that fits, used up by one."""
        fault = next(filter(fits, self), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.remove(fault)
        return fault

    def routes(self, kind: type[F]) -> list[Route]:
        """`POST /faults` asks for a list of them, `DELETE /faults` for no more."""

        async def change(request: Request) -> Response:
            if request.method == "DELETE":
                self.clear()
            else:
                self.extend(msgspec.json.decode(await request.body(), type=list[kind]))  # type: ignore[valid-type]
            return Response()

        return [Route("/faults", change, methods=["POST", "DELETE"])]


class _Connection(H11Protocol):
    """Hands its line to each request, so that an endpoint can cut it: `request.state.line.abort()`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "line": transport}


def as_json(what: object) -> Response:
    """Anything that msgspec can write."""
    return Response(msgspec.json.encode(what), media_type="application/json")


def serve(app: Starlette, port: int) -> None:
    """Serve on the loopback address until SIGTERM. A body that an endpoint cannot read is answered with 400."""

    async def refuse(_request: Request, error: Exception) -> Response:
        message = getattr(error, "detail", str(error))
        return JSONResponse({"error": {"message": message}}, getattr(error, "status_code", 400))

    app.add_exception_handler(msgspec.MsgspecError, refuse)
    app.add_exception_handler(HTTPException, refuse)
    # Idle connections are kept longer than clients keep them, so that none is closed in their hands.
    times = {"timeout_keep_alive": 75, "timeout_graceful_shutdown": 1}
    uvicorn.run(app, host=HOST, port=port, http=_Connection, log_level="warning", **times)  # type: ignore[arg-type]
