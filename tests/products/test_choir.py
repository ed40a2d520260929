"""Many calls at once: what one worker process can hold in the air."""

import pytest

from infra.local.stack import Stack
from tests.benchmarks.plans.timeline import most_at_once
from tests.pressroom import ANSWERS, WITH_TEST_PRODUCTS, Pressroom
from tests.products.choir.product import VOICES

#: Long enough for the last call to be made before the first one is answered.
_CALL_S = 8.0
#: An answer's: few, since setting them is not what is looked at.
_WORDS = 40


@pytest.mark.long
def test_one_worker_holds_a_hundred_calls_in_the_air(stack: Stack) -> None:
    """One process makes all calls of a wide plan at once, each once, and goes on beating meanwhile."""
    with Pressroom(stack, WITH_TEST_PRODUCTS) as pressroom:
        stack.llm.set_latency(_CALL_S)
        stack.llm.add_faults({"kind": "long", "words": _WORDS})
        started = [pressroom.start(*args, wait=False) for args in (("web",), ("sweep",), ("worker", "bundle"))]
        started.append(pressroom.start("worker", "choir", "--threads", "128", wait=False))
        for part in started:
            part.wait_ready()
        order = pressroom.buy(metadata={"product": "choir", **ANSWERS}, amount_subtotal=900)
        pressroom.until("every call", lambda: len(stack.llm.requests(order=order)) == VOICES)
        stack.llm.set_latency(0.05)
        pressroom.until_delivered(order)
        stack.llm.clear_faults()
        asked = stack.llm.requests(order=order)
        assert len(asked) == VOICES
        assert most_at_once(asked) >= 100
        assert pressroom.db.steps.count_documents({"order": order, "kills": {"$gt": 0}}) == 0
