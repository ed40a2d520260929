"""Headers of every answer of the web process."""

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import Pressroom

FORM = {"product": "life_clarity", "name": "Ada", "question": "Whither?"}


@pytest.mark.parametrize(
    ("method", "path", "kept"),
    [
        ("GET", "/", True),
        ("GET", "/products/life_clarity", True),
        ("GET", "/nowhere", True),
        ("GET", "/readyz", True),
        ("GET", "/livez", True),
        ("PUT", "/review", False),
        ("PUT", "/checkout", False),
        ("GET", "/orders/x~y", False),
        ("GET", "/orders/x~y.json", False),
        ("GET", "/orders/x~y/reports/life_clarity.pdf", False),
        ("POST", "/webhooks/stripe", True),
        ("GET", "ORDER", False),
        ("GET", "ORDER.json", False),
        ("POST", "ORDER/resend", False),
    ],
)
def test_every_answer_has_its_headers(front_door: Pressroom, method: str, path: str, kept: bool) -> None:
    """Pages, refusals and health checks: not framed, not guessed at; what belongs to an order is kept nowhere."""
    order = front_door.order(front_door.buy())["url"] if "ORDER" in path else ""
    url = path.replace("ORDER", order) if order else front_door.stack.urls.web + path
    headers = plain_http.request(method, url, timeout=10).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert {"default-src 'none'", "frame-ancestors 'none'"} <= {part.strip() for part in policy.split(";")}
    assert ("form-action 'self' https:" in policy) == path.startswith(("/review", "/checkout"))
    assert ("no-store" in headers.get("cache-control", "")) != kept
    assert ("noindex" in headers.get("x-robots-tag", "")) != kept
    assert "strict-transport-security" not in headers


def test_with_https_browsers_keep_to_it(stack: Stack) -> None:
    """An installation that customers reach by HTTPS says so for a year; the form may lead to Stripe's page."""
    (port,) = free_ports(1)
    with Pressroom(stack, PUBLIC_URL="https://shop.example") as door:
        door.start("web", "--port", str(port))
        url = f"http://127.0.0.1:{port}"
        headers = plain_http.post(f"{url}/review", data=FORM).headers
        assert headers["strict-transport-security"] == "max-age=31536000"
        till = plain_http.post(f"{url}/checkout", data=FORM, timeout=30)
        origin = "/".join(till.headers["location"].split("/")[:3])
        assert origin in headers["content-security-policy"].split("form-action ")[1].split()
