"""`make upgrade`: orders flow while all processes go over to another version, and back, and over again.

From this version to one to come, and on to the one after it, or with `--from REVISION` from one of git's to this.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from pymongo.database import Database
from rich.console import Console

from actors.audit.evidence import Violation
from actors.products.catalogue import MAIL_QUEUE, OFFERS, PRODUCTS
from infra.local.stack import Stack
from tests.audit.till import Till
from tests.benchmarks.figures import publish
from tests.chaos.scene import BRISK, Numbers, Scene, several, staged
from tests.dist import ROOT
from tests.pressroom import PRESSROOM
from tests.upgrades.versions import AFTER_NEXT, version_of, version_to_come
from tests.warm import begin

#: What is bought before one process after the other goes over, again and again.
_ORDERS = (*["life_clarity"] * 4, "personal_blueprint", *["life_clarity"] * 4, "personal_horoscope", "bundle")
_BIRTH = {"birth_date": "1988-04-17", "birth_place": "London"}
#: The share of the processes that go over before which one is killed, whichever.
_KILLS = 0.2
_PATIENCE_S = 900.0
#: An answer takes so long that a process which is told to end finds some in the air.
_CALL_S = 2.0


class Rolled(NamedTuple):
    """What came of going back and forth."""

    violations: list[Violation]
    #: Finished reports, by the form of their plans.
    reports: Mapping[int, int]
    dead_letters: int
    #: Those that were dropped, built or built again, by collection and name.
    indexes_changed: list[str]


class Roll:
    """Deploys of one version after the other, each process by itself, with an order before each."""

    def __init__(
        self, scene: Scene, first: Path, indexed: Path, say: Callable[[str], None], seed: int = 1
    ) -> None:
        """Run the first version everywhere, with the indexes of the next."""
        self._scene, self._say, self._rng = scene, say, random.Random(seed)
        self._till = Till(scene.stack)
        if first != ROOT:
            for part in scene.pressroom.parts:
                scene.go_over(part, first)
        # As docs/upgrading.md has it: the newer version's indexes are built while the older one runs.
        env = {**scene.pressroom.parts[0].env, "PYTHONPATH": str(indexed)}
        subprocess.run([*PRESSROOM, "indexes"], env=env, cwd=indexed, capture_output=True, timeout=60, check=True)

    def deploy(self, versions: Sequence[Path], products: Sequence[str], patience_s: float) -> Rolled:
        """Go over to each of them, wait until nothing is under way, and have every order judged."""
        db, offered = self._scene.pressroom.db, cycle(products)
        before = built_at(db)
        for version in versions:
            for part in self._scene.pressroom.parts:
                self._buy(next(offered))
                if self._rng.random() < _KILLS:
                    self._scene.kill(self._rng.choice(self._scene.pressroom.parts))
                self._scene.go_over(part, version)
            self._say(f"all is deployed, and {self._scene.undelivered()} orders are under way")
        self._scene.until_quiet(patience_s)
        changed = sorted({name for name, _ in before.items() ^ built_at(db).items()})
        forms = {plan["_id"]: plan["format"] for plan in db.plans.find()}
        reports = Counter(forms[one["plan"]] for one in db.reports.find({"state": "stored"}))
        return Rolled(self._scene.auditor.audit(), reports, db.dead_letters.count_documents({}), changed)

    def _buy(self, product: str) -> None:
        email = f"{len(self._scene.orders)}.{self._scene.pressroom.email}"
        self._scene.orders.append(self._till.buy(email, product, OFFERS[product].price, **_BIRTH))


def way_to_come(folder: Path) -> tuple[Path, ...]:
    """Return versions to go over to from this one: the next and back, it again, the one after it and back."""
    following, last = version_to_come(folder / "next"), version_to_come(folder / "last", AFTER_NEXT)
    return following, ROOT, following, last, following


def built_at(db: Database[dict[str, Any]]) -> dict[str, datetime]:
    """Return when each index was built, by collection and name, but for those that come with a collection."""
    return {
        f"{name}.{index['name']}": index["accesses"]["since"]
        for name in db.list_collection_names()
        for index in db[name].aggregate([{"$indexStats": {}}])
        if index["name"] != "_id_"
    }


def main() -> int:
    """Go back and forth, and publish what the auditor found."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--from", dest="revision", help="One of git's, to come from.")
    asked.add_argument("--deploys", type=int, default=5)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    console, began = Console(stderr=True), time.monotonic()

    def say(text: str) -> None:
        console.print(f"{time.monotonic() - began:5.0f} s  {text}", highlight=False)

    with tempfile.TemporaryDirectory() as name, Stack(Path(name) / "stack", begin=begin) as stack:
        older = version_of(wanted.revision, Path(name) / "older") if wanted.revision else ROOT
        way = (ROOT, older) if wanted.revision else way_to_come(Path(name))
        stack.llm.set_brevity(brief=True)
        stack.llm.set_latency(_CALL_S)
        starts = several(stack, [*PRODUCTS, MAIL_QUEUE], Numbers(1, 2, 2), **BRISK)
        with staged(stack, starts, can_fail=False) as scene:
            versions = tuple(islice(cycle(way), wanted.deploys))
            rolled = Roll(scene, older, way[0], say, wanted.seed).deploy(versions, _ORDERS, _PATIENCE_S)
    for violation in rolled.violations:
        say(" ".join(map(str, violation)))
    wrong = {
        "upgrade_violations": len(rolled.violations),
        "upgrade_unorderly": scene.unorderly,
        "upgrade_dead_letters": rolled.dead_letters,
        "upgrade_indexes_changed": len(rolled.indexes_changed),
    }
    title = f"From {wanted.revision or 'this version'} on and back, {time.monotonic() - began:.0f} s"
    rows = [{"what": f"reports of plan format {form}", "count": count} for form, count in rolled.reports.items()]
    counts = {"upgrade_orders": len(scene.orders), "upgrade_kills": scene.kills.total()}
    publish("upgrade", title, rows, {**counts, "upgrade_deploys": wanted.deploys, **wrong})
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
