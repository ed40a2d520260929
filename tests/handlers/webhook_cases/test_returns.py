"""Cases 61 to 65: money that goes back, told before or after its order."""

import time

import pytest

from tests.handlers.webhook_cases.cases import (
    PLACED,
    accept,
    again,
    alerts,
    dispute_of,
    disputed,
    left,
    one,
    refund_failed,
    refunded,
    session_of,
    shown,
)
from tests.pressroom import Pressroom

PRICE = 1900


def test_case_61_refunded_before_completed(door: Pressroom) -> None:
    """A refund that is told before its order stays known: the order is refunded, and no report is ever begun."""
    event = door.event()
    accept(door, refunded(event, PRICE))
    assert left(door) == {"events": 1, "payments": 1}
    accept(door, event, event, again(event))
    assert left(door) == {"events": 3, "payments": 1, "orders": 1}
    order = shown(door, session_of(event))
    assert (order["state"], order["amount_refunded"]) == ("refunded", PRICE)


def test_case_61_ids_with_hyphens(door: Pressroom) -> None:
    """Ids of session, payment and refund may have hyphens: the refund finds its order."""
    event = door.event(id="cs_test_1-a", payment_intent="pi_1-a")
    accept(door, event, refunded(event, PRICE))
    assert shown(door, "cs_test_1-a")["state"] == "refunded"
    assert one(door, "events", type="charge.refunded")["state"] == "applied"


def test_case_62_refunded_in_part(door: Pressroom) -> None:
    """A partial refund is noted, and the order goes on."""
    event = door.event()
    accept(door, event, refunded(event, 500))
    assert left(door) == {**PLACED, "events": 2, "payments": 1}
    assert not one(door, "reports")["stopped"]
    order = shown(door, session_of(event))
    assert (order["state"], order["amount_refunded"]) == ("paid", 500)


@pytest.mark.parametrize(
    "turned",
    [pytest.param(False, id="case-63 as it happened"), pytest.param(True, id="case-63 in the other order")],
)
def test_a_refund_that_fails_is_none(door: Pressroom, turned: bool) -> None:
    """When the bank sends a refund back, the order is not refunded any more, and an operator is called."""
    event, now = door.event(), int(time.time())
    there, back = refunded(event, PRICE, at=now - 5), refund_failed(event, PRICE, at=now)
    accept(door, event)
    if not turned:
        accept(door, there)
        assert shown(door, session_of(event))["state"] == "refunded"
        assert one(door, "reports")["stopped"]
        accept(door, back)
    else:
        accept(door, back, there)
    order = shown(door, session_of(event))
    assert (order["state"], order["amount_refunded"]) == ("needs_attention", 0)
    assert one(door, "orders")["refund_failed"]
    assert not one(door, "reports")["stopped"]
    assert left(door) == {**PLACED, "events": 3, "payments": 1, "alerts": 1}
    assert alerts(door) == [("needs_attention", session_of(event), None)]


def test_case_64_disputed(door: Pressroom) -> None:
    """An open dispute sets `on_hold` beside the state, and an operator hears of it; the report goes on."""
    event = door.event()
    accept(door, event, disputed(dispute_of(event)))
    order = shown(door, session_of(event))
    assert (order["state"], order["on_hold"]) == ("paid", True)
    assert left(door) == {**PLACED, "events": 2, "payments": 1, "alerts": 1}
    assert alerts(door) == [("dispute", session_of(event), None)]
    assert not one(door, "reports")["stopped"]


@pytest.mark.parametrize(
    ("outcome", "on_hold", "state", "told"),
    [
        pytest.param("won", False, "paid", {}, id="case-65 won"),
        pytest.param("lost", True, "needs_attention", {"alerts": 1}, id="case-65 lost"),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["as it happened", "in the other order"])
def test_a_dispute_ends(
    door: Pressroom, outcome: str, on_hold: bool, state: str, told: dict[str, int], turned: bool
) -> None:
    """A dispute that was won holds nothing back; one that was lost does for ever, and calls an operator."""
    event = door.event()
    dispute = dispute_of(event)
    news = [disputed(dispute), disputed(dispute, outcome)]
    accept(door, event, *(reversed(news) if turned else news))
    order = shown(door, session_of(event))
    assert (order["state"], order["on_hold"]) == (state, on_hold)
    assert left(door) == {**PLACED, "events": 3, "payments": 1, **told}
