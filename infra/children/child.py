"""Child set-up: bounds of memory and time, and exit with the owner."""

import fcntl
import math
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from threading import Event, Thread
from typing import Any, NoReturn, TypeVar

#: Exit statuses that tell the owner why; any other is a crash.
OUT_OF_MEMORY, OUT_OF_TIME = 70, -signal.SIGXCPU

#: The share of its memory at which a child at work gives up; how often it looks then, and when it rests.
_MOST, _LOOK_S, _REST_S = 0.9, 0.05, 1.0

Result = TypeVar("Result")
_at_work = Event()


def prepare(memory: int, enter_child: Callable[[], None]) -> None:
    """Bound this child to `memory` bytes of address space, tie its life to the owner's, and call `enter_child`."""
    # First of all: a thread that finds no room is waited for without end.
    Thread(target=_look_after_itself, args=(memory,), daemon=True).start()
    _end_with_owner()
    if sys.platform == "linux":  # macOS refuses the limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # running out of time would leave one
    enter_child()


def within(limit_s: float, work: Callable[..., Result], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Result:
    """Return what `work` returns; the kernel ends this child after so many seconds of a processor, rounded up."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time() + limit_s), most))
    _at_work.set()
    try:
        return work(*args, **kwargs)
    finally:
        _at_work.clear()


def give_up() -> NoReturn:
    """Exit: libraries that have run out of memory are left in a state that spoils later work.

    (A failed allocation inside a C library surfaces as a SystemError.)
    """
    os._exit(OUT_OF_MEMORY)


def cause(error: Exception) -> str:
    """Return the error in one line; only text leaves a child, since foreign exceptions may not unpickle."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _end_with_owner() -> None:
    """Have Linux kill this child when the owner's end of the pipe between them closes, which a kill -9 does too.

    A thread comes too late while a library in C keeps the interpreter to itself. (The kernel's parent-death signal
    is of no use: the parent is the server, which lives as long as its children.)
    """
    owner = multiprocessing.parent_process()
    if owner is None or sys.platform != "linux":
        return
    fcntl.fcntl(owner.sentinel, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(owner.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(owner.sentinel, fcntl.F_SETFL, os.O_ASYNC)


def _look_after_itself(memory: int) -> None:
    """Exit when the owner is gone, for other systems than Linux; give up when memory is nearly used up.

    Libraries in C end a process that has no memory left by any of several signals.
    """
    owner = multiprocessing.parent_process()
    ends = [owner.sentinel] if owner else []
    while not wait(ends, _LOOK_S if _at_work.is_set() else _REST_S):
        if _at_work.is_set() and _address_space() > _MOST * memory:
            give_up()
    os._exit(1)


def _address_space() -> int:
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
