"""Looks in the background, for as long as a block lasts."""

import threading
from typing import Self


class Watch:
    """Looks again and again, in a thread of its own, as long as the `with` block lasts."""

    #: The seconds between two looks.
    every_s: float

    def __init__(self) -> None:
        """Look at nothing yet."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        """Look once."""
        raise NotImplementedError

    def _look_on(self) -> None:
        while not self._over.wait(self.every_s):
            self.look()
