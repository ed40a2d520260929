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


class BodyCannotBeRead(Exception):
    """The body of an answer is compressed, though a plain one was asked for, or breaks off."""


async def bound_body(response: httpx2.Response) -> None:
    """Bound how much of a response can be read: a hook of the SDK's HTTP client."""
    stream = response.stream
    if not isinstance(stream, httpx2.AsyncByteStream):
        return
    if response.headers.get("content-encoding", "identity") == "identity":
        response.stream = _Bounded(stream, is_answer=response.is_success)
    elif response.is_success:
        raise BodyCannotBeRead
    else:  # its status says enough
        del response.headers["content-encoding"]
        response.stream = _Unread(stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, *, is_answer: bool) -> None:
        self._stream, self._is_answer = stream, is_answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._stream:
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise BodyIsTooLong
                yield chunk
        except httpx2.TransportError as error:
            if not self._is_answer:
                raise
            raise BodyCannotBeRead from error

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Unread(_Bounded):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        super().__init__(stream, is_answer=False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b""
