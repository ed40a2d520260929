"""Chunks that this process stored last. If it binds them too, it need not fetch them."""

from cachetools import LRUCache

#: The chapters, of some 30 KB each, of twenty long reports under way.
_MOST_BYTES = 32 << 20


class RecentChunks:
    """Cache of chunks by key. It belongs to one event loop."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Begin empty."""
        self._chunks: LRUCache[str, bytes] = LRUCache(most_bytes, getsizeof=len)

    def keep(self, key: str, pdf: bytes) -> None:
        """Keep a chunk under its key. The chunk that was unused the longest gives way to it."""
        if len(pdf) <= self._chunks.maxsize:
            self._chunks[key] = pdf

    def take(self, key: str) -> bytes | None:
        """Return the chunk and forget it. None if it was stored elsewhere, or too long ago."""
        return self._chunks.pop(key, None)
