"""Ports on the loopback address: find free ones, and see that one is free."""

import random
import socket
from itertools import islice

from infra.local.errors import PartError

HOST = "127.0.0.1"

# Below the range that Linux (32768 and up) and macOS (49152 and up) hand out to outgoing connections. From
# inside it, a client that retries while a part is down can be given the part's own port: it then connects to
# itself, and the part cannot come back.
_CANDIDATES = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """So many different ports on which nothing listens now."""
    return list(islice(filter(_is_free, random.sample(_CANDIDATES, len(_CANDIDATES))), count))


def require_free(name: str, port: int) -> None:
    """Raise `PartError`, naming the part and the port, unless the port is free."""
    if not _is_free(port):
        raise PartError(f"{name} cannot start: port {port} is taken by another process")


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
