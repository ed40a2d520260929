"""Bounds what is read of an answer: the SDK would read a body of any size into memory."""

from collections.abc import AsyncIterator

import httpx2

#: A section's answer is about 10 KiB, and repeats the instructions. 50,000 words are 300 KiB: still read, so that
#: what they cost is known.
MAX_BODY_BYTES = 1024 * 1024
#: What is compressed has no bound before it is unpacked, so it is not asked for, and not read.
PLAIN = {"Accept-Encoding": "identity"}


class BodyIsTooLong(Exception):
    """More was sent than anybody asked for."""


class BodyIsCompressed(httpx2.DecodingError):
    """It was asked for plain."""


async def bound_body(response: httpx2.Response) -> None:
    """Let no more of a response be read than its bound: a hook of the SDK's HTTP client."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise BodyIsCompressed("The answer is compressed.")
    stream = response.stream
    if isinstance(stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise BodyIsTooLong
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
