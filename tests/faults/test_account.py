"""Trouble of the provider's account under real processes: work waits, one alert, and all goes on by itself."""

from typing import Any

import pytest

from tests.pressroom import Pressroom

TROUBLE: list[dict[str, Any]] = [
    {"status": 401, "code": "invalid_api_key"},
    {"status": 429, "code": "insufficient_quota"},
    {"status": 404, "code": "model_not_found"},
    {"status": 403, "bare": True},
]


def alerts(pressroom: Pressroom) -> list[dict[str, Any]]:
    """Return the alerts about the provider."""
    return list(pressroom.db.alerts.find({"kind": "account", "event": "llm"}))


@pytest.mark.parametrize("fault", TROUBLE, ids=str)
def test_orders_wait_for_the_account(pressroom: Pressroom, fault: dict[str, Any]) -> None:
    """Three orders meet it, an operator hears of it once, no step dies, and all are delivered in the end."""
    pressroom.stack.llm.add_faults(fault)
    orders = [pressroom.buy() for _ in range(3)]
    pressroom.until("an alert", lambda: [one for one in alerts(pressroom) if one["state"] == "told"])
    asked = [request for order in orders for request in pressroom.stack.llm.requests(order=order)]
    assert len(asked) <= 12 + 8, "one call at a time tries, after the first ones"
    assert pressroom.db.steps.count_documents({"state": "dead"}) == 0
    assert pressroom.db.steps.count_documents({"failing_since": {"$exists": True}}) == 0
    assert pressroom.db.dead_letters.count_documents({}) == 0
    assert len(alerts(pressroom)) == 1
    pressroom.stack.llm.clear_faults()
    for order in orders:
        pressroom.until_delivered(order)
    assert alerts(pressroom) == []
    assert pressroom.db.deliveries.count_documents({"letter": "failure"}) == 0
    told = [one for one in pressroom.stack.inbox.letters() if one.headers.get("X-Pressroom-Mail") == "failure"]
    assert told == []
