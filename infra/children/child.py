"""What makes a process a child of ours: bounded in memory, and gone when its owner is."""

import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread
from typing import Any, NoReturn, TypeVar

#: Exit statuses that tell the owner why; any other is a crash.
OUT_OF_MEMORY, OUT_OF_TIME = 70, -signal.SIGXCPU

Result = TypeVar("Result")


def prepare(memory: int, move_in: Callable[[], None]) -> None:
    """Bound this child to `memory` bytes of address space, tie its life to the owner's, let it move in."""
    if sys.platform == "linux":  # macOS refuses the limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # who is out of time would leave one
    Thread(target=_die_with_owner, daemon=True).start()
    move_in()


def within(limit_s: float, work: Callable[..., Result], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Result:
    """Return what `work` returns; the kernel ends this child after so many seconds of a processor, rounded up."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + limit_s), most))
    return work(*args, **kwargs)


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
