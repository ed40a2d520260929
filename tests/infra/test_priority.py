"""Yielding the processor: the process, and the session that it leads."""

import subprocess
import sys
from pathlib import Path

import pytest

#: An unprivileged process owns its files in /proc; one that has given its privileges up must say that it does.
SHOW = """
import ctypes, os
import encodings.ascii
from infra.priority import lead_session, yield_by
if os.getuid() == 0:
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1)
lead_session()
yield_by(3)
print(os.getpriority(os.PRIO_PROCESS, 0), open("/proc/self/autogroup").read().split()[-1])
"""


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="sessions are not scheduled here")
def test_many_that_yield_at_once_all_do() -> None:
    """Unprivileged processes that lower themselves at the same time all end as low as they wish."""
    begun = [subprocess.Popen([sys.executable, "-c", SHOW], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    assert {one.communicate(timeout=30)[0] for one in begun} == {"3 3\n"}
