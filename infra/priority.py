"""Priorities of processes on one machine; none of it needs a privilege."""

import contextlib
import errno
import os
import time
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")
#: Linux takes one such change a tenth of a second from all unprivileged processes of a machine together.
_TRIES, _PAUSE_S = 50, 0.1


def yield_by(nice: int) -> None:
    """Lower this process by so many steps of niceness, and with it its session, if it leads one.

    Where Linux schedules session by session (autogroups: sched(7)), niceness counts among the processes of one
    session only, and the sessions share the processors alike.
    """
    now = os.nice(nice)
    if os.getsid(0) == os.getpid() and _AUTOGROUP.exists():
        _lower_session(now)


def _lower_session(nice: int) -> None:
    for _ in range(_TRIES):
        try:
            _AUTOGROUP.write_text(str(nice), encoding="ascii")
        except OSError as error:
            if error.errno != errno.EAGAIN:
                return
            time.sleep(_PAUSE_S)
        else:
            return


def lead_session() -> None:
    """Leave the session of the process that started this one, unless it leads one already."""
    with contextlib.suppress(PermissionError):
        os.setsid()
