"""The chunks that this process stored last: it may be the one that binds them, and need not fetch them then."""

from cachetools import LRUCache

#: Of chapters of some 30 KB, those of twenty long reports under way.
_MOST_BYTES = 32 << 20


class RecentChunks:
    """Belongs to one event loop."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        """Begin empty."""
        self._chunks: LRUCache[str, bytes] = LRUCache(most_bytes, getsizeof=len)

    def keep(self, key: str, pdf: bytes) -> None:
        """Keep what was stored under that key, in the place of what nobody has asked for the longest."""
        if len(pdf) <= self._chunks.maxsize:
            self._chunks[key] = pdf

    def take(self, key: str) -> bytes | None:
        """Return the chunk and forget it; None if it was stored elsewhere, or too long ago."""
        return self._chunks.pop(key, None)
