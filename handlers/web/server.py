"""Server of the web application, uvicorn's: one process, one ready line, exit 0 when told to end."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import uvicorn
from starlette.routing import BaseRoute

from actors.deps.startup import wait_for_database
from handlers.web.app import create_app
from handlers.web.connection import MAX_HEAD, Connection
from infra.errors import PressroomError
from infra.settings import Settings

#: Connections at once, idle ones included, beyond which the answer is 503. A process may open 1,024 files where
#: nothing else is set, and MongoDB has a hundred of them.
_CONNECTIONS = 800
#: Balancers hold idle connections for 60 s by default, and may send a request on one just as we close it.
_KEEP_ALIVE_S = 75
#: Threads for calls that block. Stripe may hold as many as the door of the checkout lets in, and those that were
#: given up: names of servers must be looked up all the same. The default has six on two processors.
_THREADS = 64


class PortIsTaken(PressroomError):
    """The address cannot be listened on."""


class WebServer(uvicorn.Server):
    """uvicorn's server, which says when it takes requests, and does not raise a signal again after obeying it."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        """Call `on_ready` once requests are taken."""
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then call `on_ready`."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """End in order; uvicorn's own handler would make the exit code that of a killed process."""
        self.should_exit = True


async def serve_web(
    settings: Settings, host: str, port: int, on_ready: Callable[[str], None], routes: Sequence[BaseRoute]
) -> None:
    """Serve routes until told to end. PortIsTaken names the port; waits for MongoDB before it listens.

    It does not wait for Redis: events are taken without it, and a balancer must not turn them away meanwhile.
    """
    with _bound(host, port) as bound:
        executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="vendor")
        asyncio.get_running_loop().set_default_executor(executor)
        await wait_for_database(settings)
        config = uvicorn.Config(
            create_app(settings, routes, lambda: server.should_exit),
            log_config=None,
            # Paths hold customers' tokens.
            access_log=False,
            server_header=False,
            http=Connection,
            h11_max_incomplete_event_size=MAX_HEAD,
            limit_concurrency=_CONNECTIONS,
            # Anybody may send the headers of a proxy. Those of named ones tell whose request it is.
            proxy_headers=settings.trusted_proxies is not None,
            forwarded_allow_ips=settings.trusted_proxies,
            lifespan="on",
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=int(settings.grace_s),
        )
        url = url_of(host, bound.getsockname()[1])
        server = WebServer(config, lambda: on_ready(url))
        await server.serve(sockets=[bound])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Nagle's algorithm costs 40 ms an answer, and asyncio turns it off only for sockets that are named as TCP.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, TypeError) as error:  # TypeError for a name that no host can have
        bound.close()
        why = error.strerror if isinstance(error, OSError) else "it is the name of no host"
        raise PortIsTaken(f"Port {port} on {host} cannot be used: {why}.") from None
    return bound


def url_of(host: str, port: int) -> str:
    """Return the URL of what listens there. An IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
