"""A bucket that nobody has created yet: an order waits for it in good health, and is delivered in the end."""

import uuid

from infra.local.stack import Stack
from tests.faults.order import CALLS, check_delivered
from tests.pressroom import Pressroom


def test_an_order_waits_for_its_bucket(stack: Stack) -> None:
    """One alert says so while it is missing; nothing is dead or bought twice, and no customer hears of it."""
    bucket = f"later-{uuid.uuid4().hex}"
    with Pressroom(stack, S3_BUCKET=bucket) as pressroom:
        pressroom.start_missing()
        order = pressroom.buy()
        alert = pressroom.until("an alert", lambda: pressroom.db.alerts.find_one({"kind": "account"}))
        assert alert is not None
        assert ("NoSuchBucket" in alert["text"], alert["order"]) == (True, None)
        shown = pressroom.order(order)
        assert (shown["state"], shown["attention"], shown["dead"]) == ("generating", None, [])
        pressroom.s3().create_bucket(Bucket=bucket)
        check_delivered(pressroom, order, repaid=0)
        assert len(stack.llm.requests(order=order)) == CALLS
        assert pressroom.db.alerts.count_documents({}) == 0
        assert pressroom.db.steps.count_documents({"order": order, "fails": {"$gt": 0}}) == 0
