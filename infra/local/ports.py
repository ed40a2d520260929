"""Ports on the loopback address: find a free one, and see that one is free."""

import errno
import random
import socket

from infra.local.errors import PartError, PortTaken

HOST = "127.0.0.1"

# Below the range that Linux (32768 and up) and macOS (49152 and up) hand out to outgoing connections. From
# inside it, a client that retries while a part is down can be given the part's own port: it then connects to
# itself, and the part cannot come back.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def free_ports(count: int) -> list[int]:
    """So many different ports on which nothing listens now."""
    candidates = random.sample(range(FIRST, LAST), LAST - FIRST)
    found: list[int] = []
    for port in candidates:
        if len(found) == count:
            return found
        if is_free(port):
            found.append(port)
    raise PartError(f"no {count} free ports between {FIRST} and {LAST}")


def require_free(name: str, port: int) -> None:
    """Raise `PortTaken`, naming the part and the port, unless the port is free."""
    if not is_free(port):
        raise PortTaken(f"{name} cannot start: port {port} is taken by another process")
