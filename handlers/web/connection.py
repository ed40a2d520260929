"""Connection of a client: uvicorn's, with a deadline for each request to arrive whole."""

import asyncio
import ipaddress
import math

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

#: The most bytes of a head that wait for its rest: h11's own bound.
MAX_HEAD = 16 * 1024
#: Time for the head and the body of a request, 256 KiB at most: enough for the slowest of mobile networks.
_ARRIVAL_S = 10.0
#: Time for the next request while half of the connections are taken: idle ones must not keep others out.
_CROWDED_S = 5
#: States of a client that has sent all of its request, or has gone.
_ARRIVED = {h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.ERROR, h11.SWITCHED_PROTOCOL}
_SLOW = b"The request did not arrive in time.\n"
_LONG = b"The head of the request is too long.\n"


class Connection(H11Protocol):
    """HTTP/1.1 connection. A request that is too slow to arrive is answered with 408, and the connection closed.

    uvicorn itself waits without end for the first byte of a connection, for the rest of a head, and for a body.
    """

    _arrival: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin. A client that says nothing is let go as one that says nothing more."""
        super().connection_made(transport)
        self.client = plain_client(self.client)
        self._set_patience()
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def handle_events(self) -> None:
        """Handle what has arrived. The first byte of a request begins its time, the last ends it."""
        super().handle_events()
        state = self.conn.their_state
        idle = state is h11.IDLE and not self.conn.trailing_data[0]
        if idle or state in _ARRIVED:
            self._end_wait()
        elif self._arrival is None:
            self._arrival = self.loop.call_later(_ARRIVAL_S, self._let_go)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. A head that is too long is answered with 431, in however many parts it came."""
        if len(self.conn.trailing_data[0]) <= MAX_HEAD:
            super().send_400_response(msg)
            return
        self._refuse(431, b"Request Header Fields Too Large", _LONG)
        self.transport.close()

    def on_response_complete(self) -> None:
        """Wait for the next request, but not for long while there are many connections."""
        self._set_patience()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._end_wait()
        super().connection_lost(exc)

    def _set_patience(self) -> None:
        crowded = 2 * len(self.connections) > (self.limit_concurrency or math.inf)
        self.timeout_keep_alive = _CROWDED_S if crowded else self.config.timeout_keep_alive

    def _end_wait(self) -> None:
        if self._arrival is not None:
            self._arrival.cancel()
            self._arrival = None

    def _let_go(self) -> None:
        self._arrival = None
        if self.transport.is_closing():
            return
        if self.conn.our_state in {h11.IDLE, h11.SEND_RESPONSE}:  # nothing was answered yet
            self._refuse(408, b"Request Timeout", _SLOW)
        self.transport.close()

    def _refuse(self, status: int, reason: bytes, said: bytes) -> None:
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        events = (
            h11.Response(status_code=status, headers=headers, reason=reason),
            h11.Data(data=said),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        if self.cycle is not None:  # what waits for the body hears that nobody waits for its answer
            self.cycle.disconnected = True
            self.cycle.message_event.set()


def plain_client(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return the address of a client, that of IPv4 as such.

    A socket that listens on `::` takes both kinds, and writes 192.0.2.7 as ::ffff:192.0.2.7. As that it would be
    neither this machine nor a trusted proxy.
    """
    if client is None:
        return None
    address = ipaddress.ip_address(client[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (str(mapped), client[1]) if mapped else client
