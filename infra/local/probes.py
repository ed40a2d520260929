"""How one sees that a part is ready: it answers in its own protocol, or says so in its log."""

import http.client
import socket

from infra.local.part import Part, Ready
from infra.local.ports import HOST

_PROBE_TIMEOUT_S = 2.0


def answers_http(port: int, *, method: str = "GET", path: str = "/") -> Ready:
    """Ready once this request is answered with 2xx."""

    def probe(_part: Part) -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=_PROBE_TIMEOUT_S)
        try:
            connection.request(method, path)
            return 200 <= connection.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return probe


def answers_redis(port: int) -> Ready:
    """Ready once PING is answered with PONG, which Redis refuses while it reads its file."""

    def probe(_part: Part) -> bool:
        try:
            with socket.create_connection((HOST, port), timeout=_PROBE_TIMEOUT_S) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    return probe


def says_ready(part: Part) -> bool:
    """Ready once a line of the part's output begins with `ready `."""
    return part.ready_line is not None
