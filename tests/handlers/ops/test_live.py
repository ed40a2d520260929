"""The live part of an order's page: a stream that tells what changes while somebody looks."""

import threading
from collections.abc import Callable, Iterator

import httpx2
import pytest

from tests.handlers.ops.browser import Browser
from tests.ports import free_ports
from tests.pressroom import PATIENCE_S, Pressroom

OpenBrowser = Callable[[str], Browser]


def order_of(house: Pressroom) -> str:
    """Buy something, and return its order."""
    return house.buy(metadata={"product": "life_clarity", "name": "Ada", "question": "?"})


def lines_of(stream: httpx2.Response) -> Iterator[str]:
    """Yield the lines of a stream that are events."""
    return (line for line in stream.iter_lines() if line and not line.startswith(":"))


def test_a_change_is_told_at_once(house: Pressroom, browser_of: OpenBrowser) -> None:
    """First the page as it is comes, then each change; what the browser has already is not sent again."""
    order, browser = order_of(house), browser_of("vera")
    path = f"/ops/live/orders/{order}"
    with browser.stream(path) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = lines_of(stream)
        first = next(lines)
        house.db.orders.update_one({"_id": order}, {"$set": {"attention": "It needs a hand."}})
        second = next(line for line in lines if line.startswith("id: ") and line != first)
        assert any("It needs a hand." in line for line in lines)
    with browser.stream(path, **{"Last-Event-ID": second.removeprefix("id: ")}) as stream:
        assert next(stream.iter_lines()) == ": nothing new"


def test_a_stream_is_for_those_who_are_signed_in(house: Pressroom) -> None:
    """A stranger is sent to sign in, and of no order there is no stream."""
    stranger = Browser(house.door)
    assert stranger.get(f"/ops/live/orders/{order_of(house)}").status_code == 303


def test_of_no_order_there_is_no_stream(browser_of: OpenBrowser) -> None:
    """An unknown id is answered at once."""
    assert browser_of("vera").get("/ops/live/orders/cs_unknown").status_code == 404


def test_a_server_that_is_told_to_end_ends_its_streams(house: Pressroom) -> None:
    """The browser asks another server then; the process does not wait for those who look."""
    (port,) = free_ports(1)
    web, order = house.start("web", "--port", str(port)), order_of(house)
    browser = Browser(f"http://127.0.0.1:{port}")
    assert browser.sign_in("vera").status_code == 303

    def look() -> None:
        with browser.stream(f"/ops/live/orders/{order}") as stream:
            for _ in stream.iter_lines():
                looking.set()

    looking, onlooker = threading.Event(), threading.Thread(target=look, daemon=True)
    onlooker.start()
    assert looking.wait(PATIENCE_S)
    web.ask_to_stop()
    onlooker.join(PATIENCE_S)
    assert not onlooker.is_alive()
    web.wait_stopped(PATIENCE_S)
    assert web.exit_code == 0


@pytest.fixture(autouse=True)
def _calm(house: Pressroom) -> None:
    house.pretend_to_sweep()
