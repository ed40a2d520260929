"""What makes a process a child of ours: bounded in memory, and gone when its owner is."""

import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from threading import Thread
from typing import NoReturn

OUT_OF_MEMORY = 70  # the exit status that tells the owner why; any other is a crash


def prepare(memory: int, move_in: Callable[[], None]) -> None:
    """Bound this child to `memory` bytes of address space, tie its life to the owner's, let it move in."""
    if sys.platform == "linux":  # macOS refuses the limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    Thread(target=_die_with_owner, daemon=True).start()
    move_in()


def give_up() -> NoReturn:
    """Exit: libraries that have run out of memory are left in a state that spoils what comes next.

    (A failed allocation inside a C library surfaces as a SystemError.)
    """
    os._exit(OUT_OF_MEMORY)


def cause(error: Exception) -> str:
    """Return the error in one line; only text leaves a child, since foreign exceptions may not unpickle."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _die_with_owner() -> None:
    """Wait for the owner's end of a pipe to close, which a kill -9 does too, and exit at once."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)
