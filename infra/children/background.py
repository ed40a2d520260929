"""Loaded last by the server process that children are forked from: it and they yield to everything else.

Work for children can wait a moment; the loops of workers, and a database on this machine, should not.
"""

import contextlib
import os
from pathlib import Path

_NICE = 10

os.nice(_NICE)
# Where Linux schedules session by session (autogroups: sched(7)), niceness counts among the processes of one
# session only. So the server takes a session of its own, and lowers that.
with contextlib.suppress(OSError):
    os.setsid()
    Path("/proc/self/autogroup").write_text(str(_NICE), encoding="ascii")
