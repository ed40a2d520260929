"""`make bench-sharing`: the same orders before one process of each kind, and before several, each run audited."""

import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from actors.products.catalogue import OFFERS, queues
from infra.local.stack import Stack
from tests.audit.till import Till
from tests.benchmarks.figures import publish
from tests.benchmarks.measured import Row, say
from tests.benchmarks.processor import trees_s
from tests.chaos.scene import Numbers, Scene, several, staged
from tests.chaos.sharing import lose_one_of_each, shares
from tests.warm import begin

_PATIENCE_S = 600.0
_BIRTH = {"birth_date": "1988-04-17", "birth_place": "London"}
_ONE = Numbers(webs=1, workers=1, sweeps=1)
_SEVERAL = Numbers(webs=2, workers=3, sweeps=2)


class Load(NamedTuple):
    """Orders that come at once, and the seconds of an answer."""

    orders: Mapping[str, int]
    call_s: float


#: Of the first most is typesetting, which keeps both processors busy; of the second most is waiting for answers.
_LOADS = {
    "typesetting": Load({"life_clarity": 40}, 0.05),
    "waiting": Load({"life_clarity": 64}, 6.0),
    "all products": Load({"life_clarity": 12, "personal_blueprint": 3, "bundle": 1}, 0.05),
}


def main(loads: Sequence[str]) -> int:
    """Measure each load before one of each, before several, and before several of which one of each is killed."""
    rows: list[Row] = []
    figures: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder,
        Stack(Path(folder), begin=begin) as stack,
    ):
        stack.llm.set_brevity(brief=True)
        stack.llm.set_limits(requests_per_minute=1_000_000, tokens_per_minute=2_000_000_000)
        for name in loads or _LOADS:
            load = _LOADS[name]
            one, more = _run(stack, name, load, _ONE), _run(stack, name, load, _SEVERAL)
            rows += [one, more, _run(stack, name, load, _SEVERAL, loses=True)]
            figures[f"sharing_{name.replace(' ', '_')}_speedup"] = one["s"] / more["s"]
    figures["sharing_violations"] = sum(row["violations"] for row in rows)
    title = "One process of each kind, and 2 web, 3 workers a queue, 2 sweeps; on two processors"
    publish("sharing", title, rows, figures)
    return int(figures["sharing_violations"] > 0)


def _run(stack: Stack, name: str, load: Load, numbers: Numbers, *, loses: bool = False) -> Row:
    said = f"{numbers.workers} a queue{', one of each killed' if loses else ''}"
    say(f"sharing: {name}, {said}")
    stack.llm.set_latency(load.call_s)
    limits = {"LLM_REQUESTS_PER_MINUTE": "1000000", "LLM_TOKENS_PER_MINUTE": "2000000000"}
    with staged(stack, several(stack, queues(), numbers, **limits), can_fail=False) as scene:
        before, began = _used(scene), time.monotonic()
        _buy(scene, load)
        if loses:
            scene.pressroom.until("half of it", lambda: scene.undelivered() <= len(scene.orders) / 2, _PATIENCE_S)
            lose_one_of_each(scene)
        scene.pressroom.until("all of it", lambda: not scene.undelivered(), _PATIENCE_S)
        passed = time.monotonic() - began
        used = {part: seconds - before.get(part, 0.0) for part, seconds in _used(scene).items()}
        scene.until_quiet(_PATIENCE_S)
        violations = scene.auditor.audit()
        for one in violations:
            say(" ".join(map(str, one)))
        done = shares(scene)
    row: Row = {
        "load": name,
        "processes": said,
        "orders": len(scene.orders),
        "s": passed,
        "orders a minute": 60 * len(scene.orders) / passed,
        "CPU s": sum(used.values()),
        "events taken": _listed(done["web"]),
        "steps of the fast product": _listed(done["worker life_clarity"]),
        "letters": _listed(done["worker bundle"]),
        "violations": len(violations),
    }
    say(", ".join(f"{what}: {value}" for what, value in row.items()))
    return row


def _listed(counts: Sequence[int]) -> str:
    return " + ".join(map(str, counts))


def _used(scene: Scene) -> dict[str, float]:
    """Return the seconds of a processor that everything that runs has used so far."""
    return trees_s({part.name: part.pid for part in scene.stack.parts if part.running})


def _buy(scene: Scene, load: Load) -> None:
    till = Till(scene.stack)
    for offer, count in load.orders.items():
        for _ in range(count):
            email = f"{len(scene.orders)}.{scene.pressroom.email}"
            scene.orders.append(till.buy(email, offer, OFFERS[offer].price, **_BIRTH))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
