"""What strangers may ask of the web process: how often, how much, and how many at once."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from handlers.web.connection import plain_client
from infra.local.stack import Stack
from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import Pressroom
from tests.raw_http import connected, head

FORM = {"product": "life_clarity", "name": "Ada", "question": "Whither?"}


@pytest.fixture
def door(stack: Stack) -> Iterator[Pressroom]:
    """A web process of the test's own, whose doors nobody has passed yet."""
    with Pressroom(stack) as running:
        running.pretend_to_sweep()
        running.start("web")
        yield running


def ask_until_refused(url: str, **options: object) -> tuple[int, int, str]:
    """Post a form again and again. Returns how often it was taken, and the refusal's status and Retry-After."""
    for taken in range(300):
        refused = plain_http.post(url, **options)
        if refused.status_code in {429, 503}:
            return taken, refused.status_code, refused.headers["retry-after"]
    pytest.fail("Nothing was refused.")


def test_a_flood_of_forms_is_refused_and_stripe_is_not(door: Pressroom) -> None:
    """One address has sixty forms at once; its orders' pages and the webhook are behind other doors."""
    url = door.stack.urls.web
    taken, status, wait = ask_until_refused(f"{url}/checkout", data={"product": "none"})
    assert (taken >= 60, status) == (True, 429)
    assert 1 <= int(wait) <= 3
    assert plain_http.get(url).status_code == 200
    order = door.order(door.buy())
    assert plain_http.get(order["url"]).status_code == 200
    with ThreadPoolExecutor(16) as stripe:
        assert {one.status_code for one in stripe.map(door.send, [door.event() for _ in range(200)])} == {200}


@pytest.mark.parametrize(("way", "method"), [("resend", "post"), ("details", "get")])
def test_forms_about_orders_are_bounded_too(door: Pressroom, way: str, method: str) -> None:
    """Also with links that are none: guessing costs time."""
    _, status, _ = ask_until_refused(f"{door.stack.urls.web}/orders/x~y/{way}", data={"name": "Ada"})
    assert status == 429


def test_a_trusted_proxy_says_whose_request_it_is(stack: Stack) -> None:
    """Behind a balancer each customer has a pace; what a customer claims to be forwarded for does not count."""
    with Pressroom(stack) as door:
        door.start("web", TRUSTED_PROXIES="127.0.0.0/8,10.0.0.0/8")
        till = f"{stack.urls.web}/checkout"

        def status(forwarded: str) -> int:
            return plain_http.post(till, data={}, headers={"X-Forwarded-For": forwarded}).status_code

        taken, *_ = ask_until_refused(till, data={}, headers={"X-Forwarded-For": "192.0.2.1"})
        assert taken >= 60
        assert status("198.51.100.7, 192.0.2.1") == 429
        assert status("192.0.2.1, 10.1.2.3") == 429
        assert status("192.0.2.2") == 404
        for taken in range(300):  # addresses of one customer's network
            if status(f"2001:db8:1:2::{taken:x}") == 429:
                break
        assert status("2001:db8:1:2::ffff") == 429
        assert status("2001:db8:1:3::1") == 404
        assert '"forwarded": false' in door.part("web").output()


@pytest.mark.parametrize(
    ("socket", "plain"),
    [
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::1", "::1"),
    ],
)
def test_a_client_has_one_address_whatever_the_server_listens_on(socket: str, plain: str) -> None:
    """A socket for both kinds writes IPv4 in the form of IPv6; as that no balancer would be a trusted one."""
    assert plain_client((socket, 443)) == (plain, 443)


def test_a_second_balancer_that_is_not_trusted_shows_in_the_log(stack: Stack) -> None:
    """All of its customers share its pace, though the first one is trusted."""
    with Pressroom(stack) as door:
        door.start("web", TRUSTED_PROXIES="127.0.0.0/8")
        ask_until_refused(
            f"{stack.urls.web}/checkout", data={}, headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7"}
        )
        assert '"forwarded": true' in door.part("web").output()


def test_nobody_else_says_whose_request_it_is(door: Pressroom) -> None:
    """Without a trusted proxy the address is the socket's, whatever the headers say, and the log tells."""
    till = f"{door.stack.urls.web}/checkout"
    for number in range(300):
        forwarded = {"X-Forwarded-For": f"192.0.2.{number % 250}"}
        if plain_http.post(till, data={}, headers=forwarded).status_code == 429:
            break
    else:
        pytest.fail("Nothing was refused.")
    assert '"forwarded": true' in door.part("web").output()


def test_stripe_that_hangs_holds_nothing_else(door: Pressroom) -> None:
    """Sixteen checkouts wait for it, the next are told to come again; all else goes on, and the process ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent, ExitStack() as held:
        door.part("web").terminate()
        web = door.start("web", STRIPE_API_BASE=f"http://127.0.0.1:{silent.getsockname()[1]}")
        body = "&".join(map("=".join, FORM.items())).encode()
        request = head("POST", "/checkout", Content_Length=str(len(body)), Connection="close") + body
        for _ in range(16):
            held.enter_context(connected(door.stack.urls.web)).sendall(request)
        door.until("the forms", lambda: door.db.answers.count_documents({}) == 16)
        refused = plain_http.post(f"{door.stack.urls.web}/checkout", data=FORM, timeout=30)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "60")
        assert door.buy()
        assert plain_http.get(f"{door.stack.urls.web}/readyz", timeout=10).json() == {
            "ready": True,
            "degraded": [],
        }
        web.ask_to_stop()
        web.wait_stopped(15)
        assert web.exit_code == 0


def test_connections_are_bounded(door: Pressroom) -> None:
    """Idle ones count, and make room within seconds: beyond eight hundred it is 503, and then 200 again."""
    url = f"{door.stack.urls.web}/livez"
    with ExitStack() as idle:

        def is_full() -> bool:
            for _ in range(200):
                idle.enter_context(connected(door.stack.urls.web))
            opened.append(200)
            return plain_http.get(url, timeout=30).status_code == 503

        opened = list[int]()
        door.until("a refusal", is_full)
        assert 800 <= sum(opened) <= 1000
        door.until("an answer", lambda: plain_http.get(url, timeout=30).status_code == 200, patience_s=60)


def test_the_webhook_is_there_without_redis(stack: Stack) -> None:
    """A web process that starts while Redis is away says ready, and makes events and their orders durable."""
    (nowhere,) = free_ports(1)
    with Pressroom(stack) as door:
        door.start("web", REDIS_URL=f"redis://127.0.0.1:{nowhere}/0")
        order = door.buy()
        assert door.db.reports.count_documents({"order": order}) == 1
        ready = plain_http.get(f"{stack.urls.web}/readyz", timeout=10)
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "degraded": ["redis"]})


def accepted(listening: socket.socket) -> int:
    """Return how many connections were made to a server that nobody serves."""
    listening.settimeout(0.5)
    count = 0
    while True:
        try:
            listening.accept()[0].close()
        except TimeoutError:
            return count
        count += 1


def test_a_crowd_at_the_health_check_is_one_check(stack: Stack) -> None:
    """A hundred who ask at once make few connections to the servers behind, none of which is named by its host."""
    with socket.create_server(("127.0.0.1", 0), backlog=200) as mail, Pressroom(stack) as door:
        door.start("web", MAIL_URL=f"smtp://127.0.0.1:{mail.getsockname()[1]}")
        url = f"{stack.urls.web}/readyz"
        with ThreadPoolExecutor(20) as crowd:
            answers = list(crowd.map(lambda _: plain_http.get(url, timeout=30), range(100)))
        assert {one.status_code for one in answers} == {200}
        assert {one.text for one in answers} == {'{"ready":true,"degraded":[]}'}
        # Three in a row, and one more every three seconds.
        assert accepted(mail) <= 6
