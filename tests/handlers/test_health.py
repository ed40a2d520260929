"""What a balancer hears while a server is away."""

import httpx2
import pytest

from tests.pressroom import Pressroom


@pytest.mark.parametrize(
    ("name", "status"), [("mongodb", 503), ("redis", 200), ("s3", 200), ("mail", 200), ("llm", 200)]
)
def test_only_a_missing_database_turns_orders_away(front_door: Pressroom, name: str, status: int) -> None:
    """/readyz names what is away; it is 503 without MongoDB only, since all else delays orders and loses none."""
    part = front_door.stack.part(name)
    part.kill()
    ready = httpx2.get(f"{front_door.stack.urls.web}/readyz", timeout=10)
    part.start()
    assert (ready.status_code, ready.json()["degraded"]) == (status, [name])
    assert httpx2.get(f"{front_door.stack.urls.web}/livez").status_code == 200
