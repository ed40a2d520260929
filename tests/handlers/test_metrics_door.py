"""Who may look at /metrics where no token is set."""

from typing import Any

import pytest

from infra.local.stack import Stack
from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import Pressroom


def test_this_machine_may_look(front_door: Pressroom) -> None:
    """Prometheus beside the process needs no secret."""
    shown = plain_http.get(f"{front_door.door}/metrics", timeout=30)
    assert (shown.status_code, "pressroom_orders" in shown.text) == (200, True)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"])
def test_nobody_looks_through_a_proxy(front_door: Pressroom, header: str) -> None:
    """What a proxy on this machine passes on may come from anywhere."""
    refused = plain_http.get(f"{front_door.door}/metrics", headers={header: "203.0.113.9"}, timeout=30)
    assert (refused.status_code, "pressroom_" in refused.text) == (401, False)


def test_a_token_may_have_any_letters(stack: Stack) -> None:
    """Prometheus sends it as UTF-8, as the setting has it; any other is refused."""
    (port,) = free_ports(1)
    with Pressroom(stack, METRICS_TOKEN="schlüssel-0123456789") as door:
        door.start("web", "--port", str(port))
        for token, status in (("schlüssel-0123456789", 200), ("schlussel-0123456789", 401)):
            headers: Any = {b"Authorization": f"Bearer {token}".encode()}
            shown = plain_http.get(f"http://127.0.0.1:{port}/metrics", headers=headers, timeout=30)
            assert shown.status_code == status
