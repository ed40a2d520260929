"""Death by want of memory inside GLib, told apart from a crash."""

import ctypes
import resource
import sys
from pathlib import Path
from typing import Any

from infra.children.child import give_up

#: The level of what GLib does not survive (G_LOG_LEVEL_ERROR).
_ERROR = 1 << 2
#: A thread's stack, and a little: what asked for less than that would have had it.
_STACK = 16 << 20


def heed_exhaustion() -> None:
    """Give up this child when GLib ends it because its address space is used up.

    Pango starts threads; one whose stack finds no room is the end of the process for GLib, by a signal that says
    nothing of memory.
    """
    if sys.platform == "linux":  # where address space is bounded
        _glib().g_log_set_default_handler(_HANDLER, None)


def _glib() -> Any:
    return ctypes.CDLL("libglib-2.0.so.0")  # Pango has loaded it


def _heed(domain: bytes, level: int, message: bytes, data: int | None) -> None:
    if level & _ERROR and _used() + _STACK > resource.getrlimit(resource.RLIMIT_AS)[0] > 0:
        give_up()
    _glib().g_log_default_handler(domain, level, message, data)


def _used() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


_HANDLER = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(_heed)
