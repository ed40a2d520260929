"""Common parts of our own stubs: the HTTP server, the controls, and faults on request."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Lifespan
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.local.ports import HOST


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """A wrong deed to be done `times` times, for ever if not given."""

    times: int | None = None


F = TypeVar("F", bound=Fault)


class Faults(list[F]):
    """The faults of one kind still to come, in the order in which they were asked for."""

    def __init__(self, kind: type[F]) -> None:
        super().__init__()
        self._kind = kind

    def take(self, fits: Callable[[F], bool]) -> F | None:
        """Return the first fault that fits, used up by one."""
        fault = next(filter(fits, self), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.remove(fault)
        return fault

    def add_faults(self, *faults: dict[str, Any]) -> None:
        """Ask for faults, each by its fields."""
        self.extend([msgspec.convert(fault, self._kind) for fault in faults])

    def add_fault(self, **fault: Any) -> None:
        """Ask for one fault by its fields."""
        self.add_faults(fault)

    def clear_faults(self) -> None:
        """Ask for no more faults."""
        self.clear()

    @property
    def controls(self) -> list[Callable[..., None]]:
        """Return the controls by which they are asked for."""
        return [self.add_faults, self.add_fault, self.clear_faults]


class _Connection(H11Protocol):
    """Hands its line to each request, so that an endpoint can cut it: `request.state.line.abort()`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "line": transport}


def control_route(*controls: Callable[..., object]) -> Route:
    """Return a route: `POST /controls/NAME` calls the function of that name and answers with its result.

    The body is JSON: a list of its positional arguments, then its arguments by name.
    """
    by_name = {control.__name__: control for control in controls}

    async def call(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in by_name:
            raise HTTPException(404, f"There is no control {name}.")
        args, named = msgspec.json.decode(await request.body(), type=tuple[list[Any], dict[str, Any]])
        return Response(msgspec.json.encode(by_name[name](*args, **named)), media_type="application/json")

    return Route("/controls/{name}", call, methods=["POST"])


def serve(port: int, *routes: BaseRoute, lifespan: Lifespan[Starlette] | None = None) -> None:
    """Serve on the loopback address until SIGTERM. A body that an endpoint cannot read is answered with 400."""

    async def refuse(_request: Request, error: Exception) -> Response:
        message = getattr(error, "detail", str(error))
        return JSONResponse({"error": {"message": message}}, getattr(error, "status_code", 400))

    handlers = {msgspec.MsgspecError: refuse, HTTPException: refuse}
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=handlers)
    # Idle connections are kept longer than clients keep them, so that none is closed in their hands.
    times = {"timeout_keep_alive": 75, "timeout_graceful_shutdown": 1}
    uvicorn.run(app, host=HOST, port=port, http=_Connection, log_level="warning", **times)  # type: ignore[arg-type]
