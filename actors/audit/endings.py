"""Judges how an order ended, or why it has not: delivered, refunded, cancelled, or known to an operator."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from actors.audit.evidence import Evidence, Violation
from actors.orders.promise import promise_of
from storage.order_state import attention_of, is_being_refunded
from storage.records.orders import Order

#: The time after which nothing that the sweep sees to may still be undone.
SLACK = timedelta(minutes=15)


def judge_ending(found: Evidence, now: datetime) -> Iterator[Violation]:
    """Judge whether a paid order that is not over is known to an operator, once it should be."""
    order = found.order
    if order["paid_at"] is None or found.is_forgotten or found.state in {"delivered", "refunded"}:
        return
    if found.state == "needs_attention":
        silence = "It waits for an operator, and no alert names it."
    elif _has_died(found, now):
        silence = "A part of it is dead, and no operator was called."
    elif (due_at := _due_at(order)) is not None and due_at + SLACK < now:
        silence = f"It is {found.state} since {due_at:%Y-%m-%d %H:%M} UTC, later than promised."
    else:
        return
    if not found.alerts:
        yield Violation(order["_id"], "silent", silence)


def _has_died(found: Evidence, now: datetime) -> bool:
    """Return whether a step is dead, for longer than the call for an operator may take."""
    ends = [step.get("done_at", now) for step in found.steps if step["state"] == "dead"]
    return attention_of(found.order) is None and any(end + SLACK < now for end in ends)


def _due_at(order: Order) -> datetime | None:
    """Return when the reports, or the details of a customer, should be there. None if nobody knows."""
    promised = promise_of(order)
    if promised is None:
        return order["paid_at"]
    return order.get("details_by", order["paid_at"]) if order["missing"] else promised


def judge_alerts(found: Evidence, now: datetime) -> Iterator[Violation]:
    """Judge whether somebody heard of each alert."""
    for alert in found.alerts:
        if alert["state"] == "new" and "heard" not in alert and alert["at"] + SLACK < now:
            text = f"The alert {alert['kind']} of {alert['at']:%Y-%m-%d %H:%M} UTC was told by no way."
            yield Violation(found.order["_id"], "untold", text)


def judge_money(found: Evidence, _now: datetime) -> Iterator[Violation]:
    """Judge whether an order has one end, reports or refund, and Stripe and its customer know of the latter."""
    order, problems = found.order, list[str]()
    refunds = is_being_refunded(order)
    if refunds and (order["delivered_at"] is not None or found.sent("completion")):
        problems.append("It ends with a refund, and its reports were sent.")
    if order["delivered_at"] is not None and order["letter"] != "completion":
        problems.append("It counts as delivered, and the letter that ends it is another one.")
    if refunds and "refund_order" not in order["errands"] and not found.is_forgotten:
        problems += _unrefunded(found)
    for text in problems:
        yield Violation(order["_id"], "ending", text)


def _unrefunded(found: Evidence) -> Iterator[str]:
    """Yield what is missing of a refund that counts as done."""
    told = [one for one in found.deliveries if one["kind"] == "refund" and one["state"] in {"sent", "refused"}]
    if found.order["email"] and not told:
        yield "Its money went back, and its customer was not told."
    if found.charge is not None and found.charge.refunded < found.charge.amount:
        yield f"It counts as refunded, and Stripe has given back {found.charge.refunded} of {found.charge.amount}."
