"""Host name of our own, as mail servers are greeted with it."""

import smtplib
import socket
import threading
from functools import cache

#: The time for the resolver. Where a container's name is in no zone, it may take half a minute.
_WITHIN_S = 2.0


@cache
def own_host_name() -> str:
    """Return the full name of this host, or else an address in brackets (RFC 5321, 4.1.3).

    It is looked up once in a process, for 2 s at most.
    """
    found: list[str] = []
    # A daemon, since nothing ends a look-up that hangs, and a process must be able to end.
    look_up = threading.Thread(target=lambda: found.append(smtplib.SMTP().local_hostname), daemon=True)
    look_up.start()
    look_up.join(_WITHIN_S)
    if found:
        return found[0]
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"
