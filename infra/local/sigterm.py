"""Makes SIGTERM leave a `with` block in order, as Ctrl-C does, instead of ending the process on the spot."""

import signal
import threading
from types import FrameType
from typing import NoReturn

# 128 plus the signal's number: what a shell reports for a process that SIGTERM ended.
EXIT_CODE = 143


class SigtermExits:
    """While installed, SIGTERM raises SystemExit in the main thread, unless somebody else handles it already."""

    def __init__(self) -> None:
        self._installed = False

    def install(self) -> None:
        """Begin. Does nothing in another thread, where Python allows no handlers."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, _leave)
            self._installed = True

    def remove(self) -> None:
        """End, and leave everything as it was."""
        if self._installed:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._installed = False


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(EXIT_CODE)
