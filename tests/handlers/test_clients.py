"""Clients that are slow, all of them at the same time, and those that hang up, or go on and on."""

import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import plain_http
from tests.pressroom import Pressroom
from tests.raw_http import answer, connected, head, trickle

#: The half of a form, or of an event.
HALF = {"Content_Length": "1000"}
#: A whole request, and a form that is begun in the same breath and then left.
TWO = head("GET", "/livez") + head("POST", "/checkout", **HALF)


def beginnings(order: str) -> dict[str, bytes]:
    """Return beginnings of requests, by what they are of. The rest comes at a byte now and then."""
    return {
        "a form": head("POST", "/checkout", **HALF),
        "details": head("POST", f"{order}/details", **HALF),
        "an event": head("POST", "/webhooks/stripe", **HALF, Stripe_Signature="t=1,v1=0"),
        "a head": b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
        "a body that no route reads": head("POST", "/nowhere", **HALF),
    }


def use(opened: socket.socket) -> None:
    """Make a request over a connection that stays."""
    opened.sendall(head("GET", "/livez"))
    got = b""
    while not got.endswith(b"ok\n"):
        part = opened.recv(65536)
        assert part, "The connection was closed."
        got += part


@pytest.fixture(scope="module")
def idle(front_door: Pressroom) -> Iterator[list[socket.socket]]:
    """Two connections, used once and twice before anybody is slow, and then left."""
    url = front_door.stack.urls.web
    with connected(url) as once, connected(url) as twice:
        for opened in (once, twice, twice):
            use(opened)
        yield [once, twice]


@pytest.fixture(scope="module")
def heard(front_door: Pressroom, idle: list[socket.socket]) -> dict[str, bytes]:
    """The answers to `beginnings` and to `TWO`, each up to the end of its connection."""
    del idle  # which are older
    url = front_door.stack.urls.web
    slow = beginnings(front_door.order(front_door.buy())["url"].removeprefix(url))

    def send(beginning: bytes) -> bytes:
        with connected(url) as opened:
            opened.sendall(beginning)
            return answer(opened) if beginning == TWO else trickle(opened)

    with ThreadPoolExecutor(len(slow) + 1) as clients:
        return dict(zip([*slow, "two"], clients.map(send, [*slow.values(), TWO]), strict=True))


@pytest.mark.parametrize("what", ["a form", "details", "an event", "a head"])
def test_what_arrives_too_slowly_is_let_go(front_door: Pressroom, heard: dict[str, bytes], what: str) -> None:
    """It is answered with 408, and the connection closed, which is no failure of ours."""
    assert heard[what].startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in heard[what].lower()
    assert "Traceback" not in front_door.part("web").output()


def test_an_answered_request_that_goes_on_is_let_go(heard: dict[str, bytes]) -> None:
    """A body that no route reads does not hold a connection: the answer comes, and then the end."""
    assert heard["a body that no route reads"].startswith(b"HTTP/1.1 404 ")


def test_a_request_behind_another_has_its_time_too(heard: dict[str, bytes]) -> None:
    """A form that is begun in the same breath as a whole request, and then left, is let go."""
    got = heard["two"]
    assert (got.startswith(b"HTTP/1.1 200 "), b"HTTP/1.1 408 " in got) == (True, True)


def test_an_idle_connection_is_kept(idle: list[socket.socket], heard: dict[str, bytes]) -> None:
    """A balancer's connection that is used again after longer than a request may take is still there."""
    assert heard  # by now all others have been let go
    assert select.select(idle, [], [], 0)[0] == []
    for opened in idle:
        use(opened)


def test_a_client_that_hangs_up_is_no_error(front_door: Pressroom) -> None:
    """Half a form, and the end: nothing is kept, and nothing is logged as a failure."""
    for path in ("/checkout", "/webhooks/stripe"):
        with connected(front_door.stack.urls.web) as opened:
            opened.sendall(head("POST", path, Content_Length="1000") + b"product=life")
    assert front_door.buy()
    assert "Traceback" not in front_door.part("web").output()


@pytest.mark.parametrize("size", [100_000, 10_000_000])
def test_a_head_without_end_is_refused(front_door: Pressroom, size: int) -> None:
    """The library takes 16 KiB of a head that is not complete, and no more."""
    with connected(front_door.stack.urls.web) as opened:
        opened.settimeout(20)
        try:
            opened.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * size)
        except (BrokenPipeError, ConnectionResetError):
            return
        assert answer(opened)[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 431", b""}


def test_a_form_that_is_too_long_is_refused(front_door: Pressroom) -> None:
    """256 KiB are many times what a form's fields may hold."""
    long = plain_http.post(f"{front_door.stack.urls.web}/checkout", data={"name": "x" * 300_000})
    assert long.status_code == 413
