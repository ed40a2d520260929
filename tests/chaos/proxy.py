"""A proxy before servers, which does with their connections what networks do."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Literal, Self

from infra.local.ports import HOST

#: `down` refuses, `slow` delays, `deaf` takes what is said and passes nothing on (half-open), and `mute` passes it
#: on and keeps the answers to itself.
Mode = Literal["open", "down", "slow", "deaf", "mute"]

_SLOW_S = 0.3
_CHUNK = 65536


class Proxy:
    """Listens as long as the `with` block lasts, on `port`, before servers on other ports.

    Each connection goes to the next of them that takes it.
    """

    def __init__(self, *server_ports: int) -> None:
        """Pass everything on."""
        self._server_ports = deque(server_ports)
        self._mode: Mode = "open"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._lines: set[asyncio.StreamWriter] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = self._run(asyncio.start_server(self._connect, HOST, 0))
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def turn(self, mode: Mode) -> None:
        """Do so from now on. Lines that are refused, or were kept from each other, are cut."""
        self._run(self._turn(mode))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _turn(self, mode: Mode) -> None:
        was, self._mode = self._mode, mode
        if mode == "down" or was in {"deaf", "mute"}:
            self._cut()

    async def _close(self) -> None:
        self._listener.close()
        self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _cut(self) -> None:
        for line in self._lines:
            line.transport.abort()

    async def _connect(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._lines.add(to_client)
        try:
            if self._mode != "down":
                with suppress(asyncio.CancelledError):  # the proxy closes
                    await self._join(client, to_client)
        finally:
            self._lines.discard(to_client)
            to_client.transport.abort()

    async def _join(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Pass on what both sides say, until one of them hangs up."""
        found = await self._next_server()
        if found is None:
            return
        server, to_server = found
        ways = [self._pass(client, to_server, {"deaf"}), self._pass(server, to_client, {"deaf", "mute"})]
        tasks = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            to_server.transport.abort()

    async def _next_server(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """Connect to the next server that listens; None if none does."""
        self._server_ports.rotate()
        for port in [*self._server_ports]:
            with suppress(OSError):
                return await asyncio.open_connection(HOST, port)
        return None

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, kept: set[Mode]) -> None:
        with suppress(OSError):
            while data := await source.read(_CHUNK):
                if self._mode == "slow":
                    await asyncio.sleep(_SLOW_S)
                if self._mode in kept:
                    continue
                target.write(data)
                await target.drain()
            # The last words are on their way.
            with suppress(NotImplementedError):
                target.write_eof()
            await asyncio.sleep(0.05)
