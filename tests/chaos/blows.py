"""Two blows, each struck once all else is quiet: what a storm does too, but seldom to so many at once."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.chaos.scene import Scene

#: Those under way when Redis forgets everything; sections of the fast product, each a call.
_ORDERS, _SECTIONS = 100, 4
#: Answers take so long that all of them are under way at once.
_HELD_S = 10.0
#: Webhooks in the air when the primary is killed.
_WEBHOOKS = 50
_PATIENCE_S = 300.0

Figures = dict[str, float]


def flush_redis(scene: Scene, buy: Callable[[], str], call_s: float) -> Figures:
    """Have Redis forget everything with a hundred orders under way. Calls take `call_s` afterwards."""
    scene.stack.llm.set_latency(_HELD_S)
    orders = [buy() for _ in range(_ORDERS)]
    placed = {"_id": {"$in": orders}}
    scene.pressroom.until("all of them", lambda: _count(scene, placed) == _ORDERS, _PATIENCE_S)
    under_way = _count(scene, {**placed, "delivered_at": None})
    scene.pressroom.redis.flushall()
    scene.stack.llm.set_latency(call_s)
    scene.until_quiet(_PATIENCE_S)
    calls = sum(len(scene.stack.llm.requests(order=order)) for order in orders)
    return {
        "flushed_under_way": under_way,
        "flushed_lost": _count(scene, {**placed, "delivered_at": None}),
        "flushed_sections_repaid": calls - _SECTIONS * _ORDERS,
    }


def kill_primary(scene: Scene, buy: Callable[[], str]) -> Figures:
    """Kill the primary in the middle of fifty webhooks, each of which Stripe repeats until it is answered 200."""
    assert scene.primary is not None
    stripe = scene.stack.stripe
    stripe.hold_deliveries()
    before = {*stripe.undelivered()}
    orders = [buy() for _ in range(_WEBHOOKS)]
    events, began = [event for event in stripe.undelivered() if event not in before], time.time()
    with ThreadPoolExecutor(1) as pool:
        for nth, event in enumerate(events):
            stripe.deliver_again(event)
            if nth == len(events) // 2:
                lost = pool.submit(scene.primary.kill)
        lost.result()
    scene.primary.mend()
    stripe.resume_deliveries()
    scene.until_quiet(_PATIENCE_S)
    answers = [one.status for one in stripe.deliveries() if one.at >= began]
    return {
        "election_webhooks": _WEBHOOKS,
        "election_refusals": sum(status != 200 for status in answers),
        "election_placed": _count(scene, {"_id": {"$in": orders}}),
        "election_delivered": _count(scene, {"_id": {"$in": orders}, "delivered_at": {"$ne": None}}),
    }


def _count(scene: Scene, which: Mapping[str, Any]) -> int:
    return scene.pressroom.db.orders.count_documents(which)
