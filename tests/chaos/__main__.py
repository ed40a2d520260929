"""`make chaos`: a thousand orders on a set of three, five hundred kills, and every server's failures; all audited.

Afterwards bugs are planted into orders that are well, and the auditor must find each.
"""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from actors.products.catalogue import MAIL_QUEUE, OFFERS
from infra.local.stack import Stack
from tests.audit.planted import BUGS, calm_orders, found_bugs, plant_all
from tests.benchmarks.figures import percentile, publish
from tests.chaos.scene import BRISK, Numbers, Scene, deployed, several, staged
from tests.chaos.storm import Outcome, Plan, Storm
from tests.warm import begin

_PATIENCE_S = 900.0
#: An answer takes so long that a kill finds some in the air.
_CALL_S = 1.0
#: Of a hundred orders: fast ones, and bundles; the rest is of the medium product.
_FAST, _BUNDLES = 0.95, 0.01
_SHORT_S, _LONG_S = 5.0, 60.0
_LONG, _PAIRS = 3, 5
#: Violations that are shown, of however many.
_SHOWN = 50

Row = dict[str, Any]


def planned(orders: int, kills: int, seconds: float, seed: int) -> Plan:
    """Return a storm of so many orders and kills over so many seconds, with an outage every twenty."""
    fast, bundles = round(orders * _FAST), round(orders * _BUNDLES)
    shares = {"life_clarity": fast, "personal_blueprint": orders - fast - bundles, "bundle": bundles}
    share = min(1.0, seconds / 1200)
    long, pairs = round(_LONG * share), round(_PAIRS * share)
    short = max(0, int((seconds - long * _LONG_S) / 20) - pairs)
    outages = [*[(_LONG_S, 1)] * long, *[(_SHORT_S, 2)] * pairs, *[(_SHORT_S, 1)] * short]
    random.Random(seed).shuffle(outages)
    return Plan({name: count for name, count in shares.items() if count}, kills, outages, seconds, seed, _CALL_S)


def main() -> int:
    """Let the storm rage, plant bugs into what is left, and publish what the auditor found of both."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--orders", type=int, default=1000)
    asked.add_argument("--kills", type=int, default=500)
    asked.add_argument("--seconds", type=float, default=1500.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--settings", metavar="FILE", help="Start what a file of infra/deploy does, as it does.")
    wanted = asked.parse_args()
    plan = planned(wanted.orders, wanted.kills, wanted.seconds, wanted.seed)
    console, began = Console(stderr=True), time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:5.0f} s  {text}", highlight=False)

    say(f"{wanted.orders} orders, {plan.kills} kills and {len(plan.outages)} outages, seed {plan.seed}")
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), mongods=3, fail_points=True, begin=begin) as stack,
    ):
        stack.llm.set_brevity(brief=True)
        stack.llm.set_latency(_CALL_S)
        queues = _queues(plan)
        brisk = several(stack, queues, Numbers(1, 2, 2), **BRISK)
        with staged(stack, deployed(wanted.settings, stack, queues) if wanted.settings else brisk) as scene:
            outcome = Storm(scene, plan, say).run(_PATIENCE_S)
            for violation in outcome.violations[:_SHOWN]:
                say(" ".join(map(str, violation)))
            figures = _figures(scene, outcome)
            if not wanted.settings:  # the auditor is the same, and a small dense storm has few calm orders
                figures["planted_found"] = _planted(scene)
    publish(
        f"chaos-{wanted.settings}" if wanted.settings else "chaos",
        f"Chaos, seed {plan.seed}, {time.monotonic() - began:.0f} s",
        _rows(scene, outcome),
        figures,
    )
    blows = outcome.blows
    struck = blows.get("flushed_lost", 0) or blows.get("election_placed") != blows.get("election_webhooks")
    missed = figures.get("planted_found", len(BUGS)) < len(BUGS)
    return 1 if outcome.violations or scene.unorderly or struck or missed else 0


def _queues(plan: Plan) -> list[str]:
    """Return the queues that need workers."""
    reports = {report for name in plan.orders for report in OFFERS[name].reports}
    return [*sorted(reports), MAIL_QUEUE]


def _figures(scene: Scene, outcome: Outcome) -> dict[str, float]:
    resumed, freed = scene.resumption.resumed or [0.0], scene.resumption.freed or [0.0]
    drained = [drain.seconds / drain.calm_s for drain in outcome.drained if drain.calm_s]
    return {
        "chaos_orders": outcome.orders,
        "chaos_kills": outcome.kills,
        "chaos_outages": outcome.outages,
        "chaos_violations": len(outcome.violations),
        "resume_p99_s": percentile(resumed, 0.99),
        "sigterm_resume_s": max(freed),
        "sigterm_unorderly": scene.unorderly,
        "drain_ratio": max(drained, default=0.0),
        "quiet_s": outcome.quiet_s,
        "mails_repeated": _repeated(scene),
        **outcome.blows,
        **_calls(scene),
    }


def _repeated(scene: Scene) -> int:
    """Return how many completion mails came again, after accidents: others are violations."""
    world = scene.auditor.world
    assert world is not None
    return sum(max(0, len(world.completions(order)) - 1) for order in world.letters)


def _calls(scene: Scene) -> dict[str, float]:
    """Return how many calls were made beyond one a section, and how many were in the air at accidents."""
    world = scene.auditor.world
    assert world is not None
    calls = [call for one in world.calls.values() for call in one]
    sections = {(call.order, call.product, call.section) for call in calls}
    lost = sum(map(world.in_the_air, calls))
    return {
        "llm_calls": len(calls),
        "sections_repaid": len(calls) - len(sections),
        "calls_in_flight_at_kills": lost,
    }


def _planted(scene: Scene) -> int:
    """Return how many bugs are found that are planted into orders to which nothing happened."""
    world = scene.auditor.world
    assert world is not None
    orders = calm_orders(scene.pressroom, world)
    if len(orders) < len(BUGS):
        return 0
    scene.auditor.started |= plant_all(scene.pressroom, orders).started
    return len(found_bugs(orders, scene.auditor.audit()))


def _rows(scene: Scene, outcome: Outcome) -> list[Row]:
    resumed = scene.resumption.resumed or [0.0]
    rows: list[Row] = [
        {"what": f"kill -9 of {name}", "times": n, "s": ""} for name, n in sorted(scene.kills.items())
    ]
    rows += [
        {"what": "a lost step is claimed again: median", "times": len(resumed), "s": percentile(resumed, 0.5)},
        {"what": "a lost step is claimed again: 99 %", "times": len(resumed), "s": percentile(resumed, 0.99)},
    ]
    rows += [
        {"what": f"{what} after {drain.outage}, orders that waited", "times": drain.orders, "s": seconds}
        for drain in outcome.drained
        for what, seconds in {"drained": drain.seconds, "as many without trouble": drain.calm_s}.items()
    ]
    return rows


if __name__ == "__main__":
    sys.exit(main())
