"""Who may look at /metrics where no token is set."""

import pytest

from tests import plain_http
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
