"""Cases 43 to 60: which events are for us, and the same news told twice or in another order."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.handlers.webhook_cases.cases import (
    PLACED,
    accept,
    again,
    alerts,
    as_bytes,
    deliver,
    left,
    one,
    session_of,
    shown,
)
from tests.pressroom import Pressroom

MODE = "It is not of the mode that STRIPE_LIVEMODE says."
TYPE = "Events of its type mean nothing here."
THIN = {
    "id": "evt_test_thin",
    "object": "v2.core.event",
    "type": "v1.billing.meter.error_report_triggered",
    "created": "2026-11-02T10:00:00.000Z",
    "data": None,
    "related_object": {"id": "mtr_test_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_test_1"},
}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"livemode": True}, MODE, id="case-43 live mode"),
        pytest.param({"livemode": None}, MODE, id="case-43 no mode"),
        pytest.param({"account": "acct_another"}, "It is of a connected account.", id="case-44 another account"),
        pytest.param(THIN, TYPE, id="case-45 thin"),
        pytest.param({"type": "invoice.paid"}, TYPE, id="case-46 unknown type"),
    ],
)
def test_an_event_that_is_not_for_us_is_kept_as_ignored(
    door: Pressroom, change: dict[str, Any], reason: str
) -> None:
    """It is acknowledged, kept as it came with the reason, and nothing is done about it."""
    body = as_bytes({**door.event(), **change})
    accept(door, body)
    assert left(door) == {"events": 1}
    kept = one(door, "events", state="ignored")
    assert (kept["raw"], kept["type"]) == (body, change.get("type", "checkout.session.completed"))
    assert kept["reason"] == reason


def test_case_47_another_version_waits_for_an_actor(door: Pressroom) -> None:
    """An event of another API version is kept raw, and an actor is asked to fetch its session; no order yet."""
    body = as_bytes({**door.event(), "api_version": "2020-08-27"})
    accept(door, body)
    assert left(door) == {"events": 1, "bundle.fetch_session": 1}
    assert one(door, "events", state="new")["raw"] == body


def test_case_48_many_at_once(door: Pressroom) -> None:
    """Sixteen deliveries of one event at once are all acknowledged, and make one order with one report."""
    event = door.event()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: deliver(door, event).status, range(16)))
    assert answers == [200] * 16
    # Of a round of several deliveries the messages are sent after the answers.
    door.until("the report to be queued", lambda: left(door) == PLACED)


def test_case_53_paid(door: Pressroom) -> None:
    """A paid session is kept as it came, and its order is placed and queued before the answer."""
    event = door.event()
    accept(door, event)
    assert left(door) == PLACED
    kept, report = one(door, "events"), one(door, "reports")
    assert (kept["_id"], kept["raw"], kept["state"]) == (event["id"], as_bytes(event), "applied")
    assert report["order"] == one(door, "orders")["_id"] == session_of(event)
    assert door.redis.hexists("dramatiq:life_clarity.msgs", report["message"])


def test_case_49_a_crash_before_placing(door: Pressroom) -> None:
    """An event that was kept and not placed is placed and queued when it is delivered again."""
    event = door.event()
    accept(door, event)
    door.db.events.update_one({"_id": event["id"]}, {"$set": {"state": "new", "tries": 0}})
    for name in ("orders", "reports"):
        door.db[name].delete_many({})
    door.redis.flushdb()
    accept(door, event)
    assert left(door) == PLACED
    assert one(door, "events")["state"] == "applied"


def test_case_49_a_crash_before_queueing(door: Pressroom) -> None:
    """A report that was written and not queued is queued, under its message's id, when its event comes again."""
    event = door.event()
    accept(door, event)
    door.redis.flushdb()
    accept(door, event)
    assert left(door) == PLACED
    assert door.redis.hkeys("dramatiq:life_clarity.msgs") == [one(door, "reports")["message"].encode()]


@pytest.mark.parametrize("state", [pytest.param(state, id=f"case-50 {state}") for state in ("failed", "new")])
def test_an_event_that_could_not_be_placed_is_placed_when_it_comes_again(door: Pressroom, state: str) -> None:
    """An event whose placing failed is not swallowed as a duplicate."""
    event = door.event()
    accept(door, event)
    door.db.events.update_one({"_id": event["id"]}, {"$set": {"state": state}})
    door.db.reports.delete_many({})
    door.redis.flushdb()
    accept(door, event)
    assert left(door) == PLACED
    assert one(door, "events")["state"] == "applied"


def test_case_51_two_events_of_one_session(door: Pressroom) -> None:
    """Another event id for the same session adds an event and nothing else."""
    event = door.event()
    accept(door, event, again(event))
    assert left(door) == {**PLACED, "events": 2}


def test_case_52_the_same_id_with_another_body(door: Pressroom) -> None:
    """The first body under an event's id counts, and an operator is to be told of the second."""
    event, other = door.event(), door.event()
    accept(door, event, {**other, "id": event["id"]})
    assert left(door) == {**PLACED, "alerts": 1}
    assert one(door, "events")["raw"] == as_bytes(event)
    assert one(door, "orders")["_id"] == session_of(event)
    assert alerts(door) == [("event_conflict", None, event["id"])]


COMPLETED, EXPIRED = "checkout.session.completed", "checkout.session.expired"
SUCCEEDED, FAILED = "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed"


@pytest.mark.parametrize(
    ("told", "state"),
    [
        pytest.param([(COMPLETED, "unpaid")], "awaiting_payment", id="case-54 unpaid"),
        pytest.param([(COMPLETED, "no_payment_required")], "paid", id="case-55 a coupon of 100 %"),
        pytest.param([(COMPLETED, "unpaid"), (SUCCEEDED, "paid")], "paid", id="case-56 paid later"),
        pytest.param([(SUCCEEDED, "paid"), (COMPLETED, "unpaid")], "paid", id="case-57 paid before completed"),
        pytest.param([(FAILED, "unpaid"), (COMPLETED, "unpaid")], "cancelled", id="case-58 failed, completed"),
        pytest.param([(COMPLETED, "unpaid"), (FAILED, "unpaid")], "cancelled", id="case-58 completed, failed"),
        pytest.param([(COMPLETED, "paid"), (FAILED, "unpaid")], "paid", id="case-59 failed after paid"),
        pytest.param([(COMPLETED, "paid"), (EXPIRED, "unpaid")], "paid", id="case-60 expired after paid"),
        pytest.param([(EXPIRED, "unpaid")], "cancelled", id="case-60 expired"),
    ],
)
def test_a_session_is_what_its_events_come_to(door: Pressroom, told: list[tuple[str, str]], state: str) -> None:
    """Whatever is told in whatever order, a session that is paid makes one report, and another makes none."""
    free = {"amount_total": 0, "payment_intent": None} if told[0][1] == "no_payment_required" else {}
    event = door.event(**free)
    accept(door, *(again(event, kind, payment_status=status) for kind, status in told))
    assert left(door) == ({**PLACED} if state == "paid" else {"orders": 1}) | {"events": len(told)}
    assert shown(door, session_of(event))["state"] == state
