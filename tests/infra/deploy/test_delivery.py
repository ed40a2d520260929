"""The settings of compose.yaml, tried: plain processes that have them make and deliver an order."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.infra.deploy.files import compose
from tests.ports import free_ports
from tests.pressroom import Pressroom

#: Where a server is, and what it lets in: the local stack's own take their place.
OF_SERVERS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL_S3",
    "AWS_SECRET_ACCESS_KEY",
    "MAIL_URL",
    "METRICS_HOST",
    "METRICS_PORT",
    "MONGODB_URL",
    "OPENAI_API_KEY",
    "PUBLIC_URL",
    "REDIS_URL",
    "S3_PUBLIC_URL",
    "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET",
}
#: Those that make and deliver a short report.
SERVICES = ("web", "sweep", "worker-life-clarity", "worker-bundle")


@pytest.fixture(scope="module")
def composed(stack: Stack) -> Iterator[Pressroom]:
    """Processes with the command and the settings of their services, at the local stack's addresses."""
    here = dict(zip(("--host", "--port"), ("127.0.0.1", str(stack.web_port)), strict=True))
    with Pressroom(stack) as running:
        parts = []
        for name in SERVICES:
            service = compose()["services"][name]
            kept = {key: value for key, value in service["environment"].items() if key not in OF_SERVERS}
            (port,) = free_ports(1)
            kept |= {"METRICS_PORT": str(port), "S3_PUBLIC_URL": stack.urls.s3}
            _, *command = service["command"]
            words = [here.get(before, word) for before, word in zip(["", *command], command, strict=False)]
            parts.append(running.start(*words, wait=False, **kept))
        for part in parts:
            part.wait_ready()
        yield running


def test_an_order_is_delivered_with_the_settings_of_compose(composed: Pressroom) -> None:
    """The report is in the inbox and its book in the bucket; probes are content, and metrics are shown."""
    order = composed.buy()
    assert composed.until_delivered(order)["state"] == "delivered"
    assert composed.book(order).startswith(b"%PDF")
    _, _, *check = compose()["services"]["worker-bundle"]["healthcheck"]["test"]
    assert composed.cli(*check).startswith("alive")
    assert plain_http.get(f"{composed.door}/livez").status_code == 200
    token = compose()["services"]["web"]["environment"]["METRICS_TOKEN"]
    shown = plain_http.get(f"{composed.door}/metrics", headers={"Authorization": f"Bearer {token}"})
    assert shown.status_code == 200
