"""Folders for WeasyPrint's copies of the house's fonts, one for each child, so that none is left behind.

WeasyPrint writes a stylesheet's fonts into a temporary folder and removes it when its process ends in good order,
which a child never does. So the server process owns one folder, which goes when the server goes, and each child
has its own inside.
"""

import os
import shutil
import tempfile
from pathlib import Path

# Made where the module is first imported: in the server, which outlives its children and dies with the owner.
_FOLDER = tempfile.TemporaryDirectory(prefix="pressroom-fonts-")


def use_own_folder() -> None:
    """Send this child's temporary files to its folder, and remove those of children that have died."""
    shared = Path(_FOLDER.name)
    for folder in shared.iterdir():
        if not _lives(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
    own = shared / str(os.getpid())
    own.mkdir(exist_ok=True)
    tempfile.tempdir = str(own)


def _lives(process: int) -> bool:
    """Return whether a process of ours has this number."""
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True
