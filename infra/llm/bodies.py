"""Bounds the size of answers: the SDK would read a body of any size into memory."""

from collections.abc import AsyncIterator

import httpx2

#: A section's answer is about 10 KiB, and repeats the instructions. 50,000 words are 300 KiB: still read, so that
#: their cost is known.
MAX_BODY_BYTES = 1024 * 1024
#: A compressed body has no known size, so compression is neither requested nor accepted.
PLAIN = {"Accept-Encoding": "identity"}


class BodyIsTooLong(Exception):
    """A body is longer than `MAX_BODY_BYTES`."""


class BodyIsCompressed(httpx2.DecodingError):
    """A body is compressed, though a plain one was asked for."""


async def bound_body(response: httpx2.Response) -> None:
    """Bound how much of a response can be read: a hook of the SDK's HTTP client."""
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
