"""A gate before MongoDB: a number of writes go through it, then nothing, as if its process were dead or frozen."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from infra.local.ports import HOST

_WRITES = {"insert", "update", "delete", "findAndModify", "bulkWrite"}
#: Of OP_MSG: the header, the flags, the kind of the first section, the length of its document, its first type.
_NAME_AT = 16 + 4 + 1 + 4 + 1


class WriteGate:
    """One gate; `died` is set at the write that is one too many, which MongoDB never sees.

    With `more`, `frozen` is set first: once `thawed` is, MongoDB sees the write, and so many in all.
    """

    def __init__(self, most: int, more: float | None = None) -> None:
        """Let so many writes through."""
        self.died, self.frozen, self.thawed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._left: float = most
        self._more = more

    @asynccontextmanager
    async def before(self, url: str) -> AsyncIterator[str]:
        """Stand before the MongoDB of that URL; yield the URL of the way through."""
        host = urlsplit(url).netloc
        self._target = host.rpartition(":")
        async with await asyncio.start_server(self._pass, HOST, 0) as server:
            way = url.replace(host, f"{HOST}:{server.sockets[0].getsockname()[1]}")
            yield f"{way}&directConnection=true"  # or the driver would go on to where MongoDB says it is
            self.died.set()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.died.is_set():
            writer.close()
            return
        answers, commands = await asyncio.open_connection(self._target[0], int(self._target[2]))
        ways = [asyncio.ensure_future(way) for way in (_copy(answers, writer), self._send(reader, commands))]
        await asyncio.wait([*ways, died := asyncio.ensure_future(self.died.wait())], return_when="FIRST_COMPLETED")
        for end in (*ways, died):
            end.cancel()
        writer.close()
        commands.close()

    async def _send(self, reader: asyncio.StreamReader, commands: asyncio.StreamWriter) -> None:
        while True:
            length = await reader.readexactly(4)
            message = length + await reader.readexactly(int.from_bytes(length, "little") - 4)
            if message[_NAME_AT : message.find(b"\0", _NAME_AT)].decode(errors="replace") in _WRITES:
                self._left -= 1
            if self._left < 0 and self._more is not None:
                self.frozen.set()
                await self.thawed.wait()
                self._left, self._more = self._more - 1, None
            if self._left < 0:
                self.died.set()
                return
            commands.write(message)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
