"""Name under which mail servers are greeted: it is not waited for."""

import socket
import threading

from infra.mail.host_name import find_host_name, own_host_name


def test_a_resolver_that_hangs_is_not_waited_for() -> None:
    """A container's name that is in no zone takes half a minute; letters go out under another one."""
    answered = threading.Event()

    def hang() -> str:
        answered.wait()
        return "late.example"

    assert find_host_name(hang, 0.1) in {socket.gethostname(), "[127.0.0.1]"}
    answered.set()


def test_a_name_that_is_found_in_time_is_used() -> None:
    """It is the one that the resolver gave, and stays the same in a process."""
    assert find_host_name(lambda: "mail.example", 5) == "mail.example"
    assert own_host_name() == own_host_name()
