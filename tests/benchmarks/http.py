"""A client that costs little beside what it measures: keep-alive connections, whole answers, nothing else."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Self


class Answer(NamedTuple):
    """A status and how many seconds it took; status 0 where the connection broke."""

    status: int
    seconds: float


class Line:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Use `open`."""
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect to a server on this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its whole answer."""
        began = time.perf_counter()
        self._writer.write(request)
        try:
            status = await self._read()
        except (ConnectionError, asyncio.IncompleteReadError):
            status = 0
        return Answer(status, time.perf_counter() - began)

    async def _read(self) -> int:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def post(path: str, body: bytes, **headers: str) -> bytes:
    """Return a POST request as bytes."""
    named = {"Host": "localhost", "Content-Length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def ask_all(port: int, requests: Sequence[bytes], at_once: int) -> tuple[list[Answer], float]:
    """Send all requests, so many at once; return the answers and the seconds that all of it took."""
    left: Iterator[bytes] = iter(requests)
    lines = [await Line.open(port) for _ in range(at_once)]

    async def run(line: Line) -> list[Answer]:
        return [await line.ask(request) for request in left]

    began = time.perf_counter()
    answers = await asyncio.gather(*(run(line) for line in lines))
    took = time.perf_counter() - began
    for line in lines:
        line.close()
    return [answer for each in answers for answer in each], took
