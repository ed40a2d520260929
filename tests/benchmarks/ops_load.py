"""`make ops-load`: what fresh orders notice of a bulk replay: long form of a test in test_on_call.py."""

import statistics
import time
from collections.abc import Sequence

from tests.benchmarks.figures import percentile, publish
from tests.benchmarks.measured import Row, say
from tests.benchmarks.plans.shop import FAST, Shop, opened

#: Orders that die, those that come afterwards, and the seconds over which they come.
DEAD, FRESH, OVER_S = 300, 40, 32.0
_CALL_S, _PATIENCE_S = 0.2, 900.0
_SECTION = "what_pulls_you"


def waits_s(shop: Shop) -> list[float]:
    """Have fresh orders come, and return how long each took from its webhook to its mail."""
    sent = shop.deliver(shop.evenly(FRESH, OVER_S))
    shop.until_all_delivered(list(sent), _PATIENCE_S, look_every_s=1)
    delivered = shop.delivered_at(list(sent))
    return [delivered[order] - at for order, at in sent.items()]


def die(shop: Shop) -> list[str]:
    """Return orders that the provider has refused a section of, and would no more."""
    shop.stack.llm.add_faults({"status": 400, "section": _SECTION})
    orders = list(shop.deliver(shop.evenly(DEAD, 0)))
    shop.until("all deaths", lambda: shop.db.dead_letters.count_documents({}) == DEAD, _PATIENCE_S)
    # What is not dead goes on, and would be taken for the bulk's work.
    unfinished = {"state": {"$in": ["ready", "queued", "claimed"]}}
    shop.until("the rest of them", lambda: not shop.db.steps.count_documents(unfinished), _PATIENCE_S)
    shop.stack.llm.clear_faults()
    return orders


def row(what: str, waits: Sequence[float]) -> Row:
    """Return what the table shows of some waits."""
    return {"what": what, "p50 s": statistics.median(waits), "p95 s": percentile(waits, 0.95)}


def main() -> None:
    """Measure the fresh alone and beside a bulk; publish what they come to."""
    with opened("ops-load", FAST, latency_s=_CALL_S) as shop:
        shop.stack.llm.set_brevity(brief=True)
        shop.warm_up()
        say(f"{FRESH} fresh orders alone")
        alone = waits_s(shop)
        say(f"{DEAD} orders die")
        dead = die(shop)
        say("the same fresh orders beside their replay")
        began = time.monotonic()
        shop.cli("dead", "replay", "--product", FAST, "--reason", "The provider is back", "--yes")
        beside = waits_s(shop)
        left = shop.db.dead_letters.count_documents({"state": "open"})
        say(f"the fresh are there; {left} letters are not replayed yet")
        shop.until("the dead", lambda: not shop.undelivered(dead), _PATIENCE_S)
        took_s = time.monotonic() - began
    figures = {
        "fresh_slowdown_in_bulk": statistics.median(beside) / statistics.median(alone),
        "fresh_slowdown_in_bulk_p95": percentile(beside, 0.95) / percentile(alone, 0.95),
        "bulk_letters_left_after_fresh": left,
        "bulk_delivered_s": took_s,
    }
    title = f"Fresh orders from webhook to mail, {FRESH} in {OVER_S:g} s, and a bulk replay of {DEAD} dead letters"
    publish("ops-load", title, [row("alone", alone), row("beside the bulk", beside)], figures)


if __name__ == "__main__":
    main()
