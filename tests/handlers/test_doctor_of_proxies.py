"""`pressroom doctor` on what stands between Stripe and the webhook."""

from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local.ports import HOST
from tests import plain_http
from tests.handlers.doctor import Finding, examine
from tests.infra.mail.authority import make_authority
from tests.pressroom import Pressroom
from tests.serving import Served
from tests.store import Store


class Proxy(Served):
    """Proxy that answers all by itself with a status, or passes requests on to an address with other bodies.

    To be used as `with Proxy(status) as proxy:`.
    """

    def __init__(self, status: int, onto: str = "") -> None:
        """Answer so, or pass requests on if the status is 0."""
        self._server = ThreadingHTTPServer((HOST, 0), _handler(status, onto))
        self.url = f"http://{HOST}:{self._server.server_port}"


def _handler(status: int, onto: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            code, said = (status, b"") if status else self._pass_on(body)
            self.send_response(code)
            self.send_header("location", "https://elsewhere.example")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def _pass_on(self, body: bytes) -> tuple[int, bytes]:
            headers = {"stripe-signature": self.headers["stripe-signature"]}
            answer = plain_http.post(f"{onto}{self.path}", content=body.replace(b"\n", b"\r\n"), headers=headers)
            return answer.status_code, answer.content

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def webhook(door: Pressroom, url: str) -> Finding:
    """Return what the doctor finds about the webhook, if that is its public address."""
    return examine(door, "webhook", PUBLIC_URL=url)["webhook"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (HTTPStatus.OK, "another installation, or none, is there"),
        (HTTPStatus.MOVED_PERMANENTLY, "Stripe follows no redirect"),
        (HTTPStatus.NOT_FOUND, "PUBLIC_URL must lead to web"),
        (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "let bodies of 256 KiB through"),
        (HTTPStatus.SERVICE_UNAVAILABLE, "web must be up, and reach MongoDB"),
        (HTTPStatus.IM_A_TEAPOT, "the log of web, or of a proxy before it"),
    ],
)
def test_an_answer_that_is_not_webs_is_told(front_door: Pressroom, status: HTTPStatus, words: str) -> None:
    """The line has the status, and what mends it."""
    with Proxy(status) as proxy:
        found = webhook(front_door, proxy.url)
    assert not found.well
    assert found.text.startswith(f"says {status.value}")
    assert words in found.text


def test_a_proxy_that_changes_bodies_is_found(front_door: Pressroom) -> None:
    """Even other ends of lines break a signature, which web says itself."""
    with Proxy(0, front_door.stack.urls.web) as proxy:
        found = webhook(front_door, proxy.url)
    assert (found.well, "a proxy must leave bodies" in found.text) == (False, True)


def test_a_certificate_that_is_not_valid_is_found(front_door: Pressroom, tmp_path: Path) -> None:
    """Stripe would not send to it either."""
    _, host = make_authority(tmp_path)
    with Store(host) as there:
        found = webhook(front_door, there.url)
    assert (found.well, "Stripe asks for a valid certificate" in found.text) == (False, True)
