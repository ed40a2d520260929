"""HTTP by hand: a socket on which a test sends as much, or as little, as it wants."""

import select
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

#: The time after which an answer counts as never coming.
PATIENCE_S = 60.0


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Open a connection to the server of a URL."""
    parts = urlsplit(url)
    with closing(socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)) as opened:
        yield opened


def head(method: str, path: str, **headers: str) -> bytes:
    """Return the head of a request."""
    named = {"Host": "localhost", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *map(": ".join, named.items()), "", ""]).encode()


def answer(opened: socket.socket) -> bytes:
    """Return what comes until the server closes the connection."""
    received = b""
    while True:
        try:
            part = opened.recv(65536)
        except ConnectionResetError:
            return received
        if not part:
            return received
        received += part


def trickle(opened: socket.socket, every_s: float = 0.3) -> bytes:
    """Send a byte now and then until the server answers. Returns the answer, which ends the connection."""
    while not select.select([opened], [], [], every_s)[0]:
        opened.sendall(b"x")
    return answer(opened)
