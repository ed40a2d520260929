"""Host name of our own, as mail servers are greeted with it."""

import smtplib
import socket
import threading
from collections.abc import Callable
from functools import cache

#: The time for the resolver. Where a container's name is in no zone, it may take half a minute.
_WITHIN_S = 2.0


@cache
def own_host_name() -> str:
    """Return the full name of this host, or else an address in brackets (RFC 5321, 4.1.3).

    It is looked up once in a process, for 2 s at most.
    """
    return find_host_name(lambda: smtplib.SMTP().local_hostname, _WITHIN_S)


def find_host_name(look_up: Callable[[], str], within_s: float) -> str:
    """Return the name that is looked up. If that takes too long, one that needs no resolver, or an address."""
    found: list[str] = []
    # A daemon, since nothing ends a look-up that hangs, and a process must be able to end.
    thread = threading.Thread(target=lambda: found.append(look_up()), daemon=True)
    thread.start()
    thread.join(within_s)
    if found:
        return found[0]
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
