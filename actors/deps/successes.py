"""Successes of a process, by what succeeded: an outage is over with the first one after it."""

import asyncio
from collections import defaultdict


class Successes:
    """Events, each of which is set by the next success of one kind."""

    def __init__(self) -> None:
        """Begin before any."""
        self._next: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def until_next(self, kind: str) -> asyncio.Event:
        """Return the event of the next success of a kind."""
        return self._next[kind]

    def note(self, kind: str) -> None:
        """Set that event. The success after this one has another."""
        if kind in self._next:
            self._next.pop(kind).set()
