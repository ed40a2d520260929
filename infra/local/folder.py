"""The data folder of a stack: one owner at a time."""

import fcntl
from pathlib import Path
from typing import IO

from infra.local.errors import FolderInUse


class Folder:
    """Held from `take` to `give_back`, or until the owner's process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self._lock: IO[bytes] | None = None

    def take(self) -> None:
        """Make the folder if need be and hold it; `FolderInUse` if another process does."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (self.path / "lock").open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise FolderInUse(f"another local stack runs on {self.path}; stop it first") from error
        self._lock = lock

    def give_back(self) -> None:
        """Let others have it."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
