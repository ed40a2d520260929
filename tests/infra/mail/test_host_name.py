"""The name under which mail servers are greeted: found once, and not waited for."""

import socket
import threading
from collections.abc import Iterator

import pytest

from infra.mail.host_name import own_host_name


@pytest.fixture
def silent() -> Iterator[threading.Event]:
    """The event at which a resolver answers that hangs until then; nobody has asked for the name before."""
    answered = threading.Event()
    own_host_name.cache_clear()
    yield answered
    answered.set()
    own_host_name.cache_clear()


def test_a_resolver_that_hangs_is_asked_once_and_not_waited_for(
    silent: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's name that is in no zone takes half a minute; letters go out under another one."""
    asked: list[str] = []

    def hang(name: str = "") -> str:
        asked.append(name)
        silent.wait()
        return "host.example"

    monkeypatch.setattr(socket, "getfqdn", hang)
    monkeypatch.setattr(socket, "gethostname", lambda: "container")
    assert [own_host_name(), own_host_name()] == ["[127.0.0.1]"] * 2
    assert len(asked) == 1
