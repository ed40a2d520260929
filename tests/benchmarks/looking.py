"""Looking at something again and again beside what is measured."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_LOOK_EVERY_S = 0.1


class Looking:
    """Calls `look` ten times a second for the length of a `with` block."""

    def __init__(self, look: Callable[[], None]) -> None:
        """Begin with the `with` block."""
        self._look = look
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self._over.is_set():
            self._look()
            self._over.wait(_LOOK_EVERY_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(10)
