"""How our own stubs serve HTTP: on the loopback address only, quietly, and with exit 0 on SIGTERM."""

import signal
import socket
import struct
from asyncio import Transport

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

from infra.local.ports import HOST

_connections: dict[tuple[str, int], Transport] = {}


class _Connection(H11Protocol):
    """Remembers each client's transport, so that an endpoint can cut the line."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._peer: tuple[str, int] = transport.get_extra_info("peername")[:2]
        _connections[self._peer] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _connections.pop(self._peer, None)
        super().connection_lost(exc)


def reset_connection(request: Request) -> None:
    """Cut the line of this request's client: it sees a connection reset instead of an answer."""
    if request.client is not None and (transport := _connections.get((request.client.host, request.client.port))):
        # Lingering for zero seconds makes the kernel send RST rather than an orderly end.
        line: socket.socket = transport.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


def serve(app: Starlette, port: int) -> None:
    """Serve until SIGTERM or SIGINT, then end the process's work within about a second, without an error."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once it is done; this makes that harmless.
        signal.signal(number, lambda *_: None)
    uvicorn.run(
        app,
        host=HOST,
        port=port,
        http=_Connection,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=1,
        # Longer than clients keep idle connections, so that none is closed in their hands.
        timeout_keep_alive=75,
    )
