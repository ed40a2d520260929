"""Scenarios: what happens to one order from its webhook to its last letter, as seen and done from outside."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

from tests.crashes.lane import Lane
from tests.infra.local.stripe_client import connect, events_about, open_session, pay_session
from tests.pressroom import ANSWERS
from tests.products.sextet import product as sextet

_PRICES = {one.name: one.price for one in sextet.PRODUCTS} | {sextet.NAME: sextet.PRICE}


class Case:
    """One order in one lane."""

    def __init__(self, lane: Lane, product: str, answers: Mapping[str, str] = ANSWERS) -> None:
        """Prepare the order; nothing is bought yet."""
        self.lane, self.db = lane, lane.pressroom.db
        self.email = f"{uuid.uuid4().hex}@customer.example"
        stack = lane.pressroom.stack
        self.intent = pay_session(stack, open_session(connect(stack)).id)
        self.event = lane.pressroom.event(
            payment_intent=self.intent,
            customer_details={"email": self.email},
            amount_subtotal=_PRICES[product],
            metadata={"product": product, "installation": lane.name, **answers},
        )
        self.order = str(self.event["data"]["object"]["id"])
        self.began_at = datetime.now(UTC)
        #: The ids of workers that the scenario itself kills, beside those that die in a trap.
        self.killed: list[int] = []
        self.faulted: set[str] = set()

    def buy(self) -> None:
        """Have the webhook take the payment."""
        self.lane.deliver(self.event)

    def fault(self, **fault: Any) -> None:
        """Have the LLM answer the first request for a section of this order otherwise."""
        self.lane.pressroom.stack.llm.add_faults({"order": self.order, "times": 1, **fault})
        self.faulted.add(fault["section"])

    def record(self, **fields: Any) -> Any:
        """Return the order, if it has those fields."""
        return self.db.orders.find_one({"_id": self.order, **fields})

    def until_delivered(self) -> None:
        """Return when the order is marked as delivered."""
        self.lane.until("delivery", partial(self.record, delivered_at={"$ne": None}))

    def order_done(self, command: str, **done: Any) -> None:
        """Give a command about the order until it is taken, or has been taken though its process died."""

        def taken() -> Any:
            given = self.lane.command("orders", command, self.order, "--reason", "she asked us to")
            return given.code == 0 or self.record(**done)

        self.lane.until(f"leave to {command}", taken)

    def in_the_air(self) -> bool:
        """Whether the LLM has not answered a request."""
        requests = self.lane.pressroom.stack.llm.requests(order=self.order)
        return any(request.finished_at is None for request in requests)


class Scenario(NamedTuple):
    """Story of an order of a product, and what it must come to.

    `letters` are the kinds of letters that must come, once each.
    """

    product: str
    play: Callable[[Case], None]
    letters: frozenset[str] = frozenset({"completion"})
    answers: Mapping[str, str] = ANSWERS
    #: Whether an operator is called, by an alert and a dead letter.
    calls: bool = False
    #: What Stripe has given back in the end.
    refunded: int = 0


def _buy(case: Case) -> None:
    case.buy()
    case.until_delivered()


def _refund(case: Case) -> None:
    """Refund an order that waits for its customer's question."""
    case.buy()
    case.lane.until("the question", partial(case.db.deliveries.find_one, {"order": case.order, "state": "sent"}))
    case.order_done("refund", letter="refund")

    def told() -> Any:
        events = events_about(case.lane.pressroom.stack, payment_intent=case.intent)
        return [event.to_dict() for event in events if event.type == "charge.refunded"]

    case.lane.deliver(case.lane.until("Stripe's event", told)[0])
    done = {"letter": "refund", "errands.refund_order": {"$exists": False}}
    case.lane.until("the end", partial(case.record, **done))


def _replay(case: Case) -> None:
    """Replay a section that died, unless a crash spared it."""
    case.fault(status=400, section="fourth")
    case.buy()

    def dead() -> Any:
        return case.db.dead_letters.find_one({"order": case.order}) or case.record(delivered_at={"$ne": None})

    found = case.lane.until("a death", dead)
    case.lane.command("dead", "replay", found["_id"], "--reason", "it was mended")
    case.until_delivered()
    case.lane.until("rest of alerts", lambda: not case.db.alerts.find_one({"order": case.order, "state": "new"}))


def _forget(case: Case) -> None:
    _buy(case)
    case.order_done("forget", forgotten_at={"$exists": True})
    done = {"errands.forget_order": {"$exists": False}, "forgotten_at": {"$exists": True}}
    case.lane.until("the forgetting", partial(case.record, **done))


def _take_over(case: Case) -> None:
    """Kill the worker that waits for an answer, and lose all that is in Redis."""
    case.fault(kind="hang", seconds=2.0, section="second")
    case.buy()
    case.lane.until("a call in the air", case.in_the_air)
    claimed = case.db.steps.find_one({"order": case.order, "kind": "write", "state": "claimed"})
    worker = claimed and case.db.workers.find_one({"_id": claimed["claim"]["worker"]})
    if worker:
        case.killed.append(worker["pid"])
        case.lane.kill(worker["pid"])
    case.lane.redis.flushdb()
    case.until_delivered()


def _deploy(case: Case) -> None:
    """Start every process anew while a section is being written."""
    case.fault(kind="hang", seconds=1.0, section="second")
    case.buy()
    case.lane.until("a call in the air", case.in_the_air)
    case.lane.deploy()
    case.until_delivered()


SCENARIOS = {
    "a report": Scenario("sextet", _buy),
    "a bundle": Scenario(sextet.NAME, _buy),
    "a refund": Scenario(
        "duet", _refund, frozenset({"details", "refund"}), answers={"name": "Ada Byron"}, refunded=1900
    ),
    "a replay": Scenario("sextet", _replay, calls=True),
    "a forgetting": Scenario("duet", _forget),
    "a takeover": Scenario("sextet", _take_over),
    "a deploy": Scenario("sextet", _deploy),
}
