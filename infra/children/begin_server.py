"""Watch over the owner while the server process that children are forked from loads, which takes seconds.

It begins when this module is imported, first of all that is preloaded. The server itself looks at the pipe to its
owner only afterwards. Nothing is loaded that leaves files behind: a server that ends here does not clean up.
"""

import os
from threading import Event, Thread

from infra.children.pool import OWNER

#: How often the owner is looked for.
_LOOK_S = 0.1
_loaded = Event()


def end_watch() -> None:
    """End the watch: a process with a second thread must not be forked."""
    _loaded.set()
    _watch.join()


def _end_with(owner: int) -> None:
    while not _loaded.wait(_LOOK_S):
        if os.getppid() != owner:
            os._exit(1)


_watch = Thread(target=_end_with, args=(int(os.environ[OWNER]),), daemon=True)
_watch.start()
