"""A folder to work in, for as long as the work takes; what killed processes left in theirs is cleared away."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_PREFIX = "pressroom-work-"
#: No message is worked on for longer than an hour, so nobody is at a folder that was left this long ago.
_LEFT_S = 7200.0


@asynccontextmanager
async def workroom() -> AsyncIterator[Path]:
    """Provide an empty folder below the system's own for temporary files (TMPDIR), and remove it afterwards."""
    await asyncio.to_thread(_clear_leftovers)
    # A thread that was given up may still be writing here: that must not be what the work fails of.
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _clear_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_S:
                shutil.rmtree(folder, ignore_errors=True)
