"""Ports on the loopback address: a run of free ones for a stack, and whether one is free."""

import random
import socket

from infra.local.errors import PartError

HOST = "127.0.0.1"

# Below the range that Linux (32768 and up) and macOS (49152 and up) hand out to outgoing connections. From
# inside it, a client that retries while a part is down can be given the part's own port: it then connects to
# itself, and the part cannot come back.
_FIRST, _END = 20_000, 32_000
#: Ports of one run, the one that marks it as taken included: more than any stack needs.
_RUN = 24


def reserve_ports(count: int) -> tuple[socket.socket, list[int]]:
    """Return so many free ports, and the socket that keeps them from other stacks for as long as it is open.

    Every run of ports begins with one on which only its owner listens: two stacks that start at once cannot be
    given the same.
    """
    if not 0 < count < _RUN:
        raise ValueError(f"A stack has at most {_RUN - 1} ports, not {count}.")
    runs = range(_FIRST, _END, _RUN)
    for first in random.sample(runs, len(runs)):
        try:
            mark = socket.create_server((HOST, first))
        except OSError:
            continue
        ports = list(range(first + 1, first + 1 + count))
        if all(map(is_free, ports)):
            return mark, ports
        mark.close()
    raise PartError(f"there are no {count} free ports in a row between {_FIRST} and {_END}")


def require_free(name: str, port: int) -> None:
    """Raise `PartError`, naming the part and the port, unless the port is free."""
    if not is_free(port):
        raise PartError(f"{name} cannot start: port {port} is taken by another process")


def is_free(port: int) -> bool:
    """Return whether a port is free now."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True
