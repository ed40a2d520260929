"""The audit of a whole system in which nothing is under way any more.

The product's own `pressroom audit` looks at records and files; what the outside world has seen is laid beside
them here.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import Any

from actors.audit.evidence import Evidence, Violation
from infra.local.environment import outer_environment
from storage.grouping import grouped
from tests.audit.leftovers import left_messages, left_processes
from tests.audit.verdicts import Case, judge_outside
from tests.audit.world import Accident, World, look_around
from tests.commands import run
from tests.families import Process
from tests.pressroom import Pressroom


class Auditor:
    """Auditor of one system, to be asked once nothing is under way."""

    def __init__(self, pressroom: Pressroom, posts: Sequence[Mapping[str, Any]]) -> None:
        """Take the system before its first order, and the operators' webhook's posts as they come."""
        self._pressroom, self._posts = pressroom, posts
        self._since = datetime.now(UTC)
        #: Times at which processes died or stood still, or answers were lost; and what those that have ended had
        #: started.
        self.accidents: list[Accident] = []
        self.started: set[Process] = set()
        #: As it was seen at the latest audit.
        self.world: World | None = None

    def inside(self) -> list[Violation]:
        """Return what `pressroom audit` finds, by its files as well."""
        done = run(
            {**outer_environment(), **self._pressroom.stack.env, **self._pressroom.env},
            self._pressroom.program,
            *("audit", "--files", "--json", "--since", self._since.isoformat()),
        )
        found = json.loads(done.out)
        assert found["unjudged"] == [], found
        assert done.code == bool(found["violations"]), done.err
        return [Violation(**one) for one in found["violations"]]

    def audit(self) -> list[Violation]:
        """Return all that is wrong. Links in letters are followed last: that has lost reports printed again."""
        found = self.inside()
        found += [*left_messages(self._pressroom.redis), *left_processes(self.started)]
        cases = evidence(self._pressroom)
        owners = {pdf["sha256"]: one.order["_id"] for one in cases for pdf in _pdfs(one)}
        stack, since = self._pressroom.stack, self._since
        world = self.world = look_around(stack, since, self._posts, self.accidents)
        found += chain.from_iterable(judge_outside(Case(one, world, owners)) for one in cases)
        return [*found, *_lost(world, cases)]


def evidence(pressroom: Pressroom) -> list[Evidence]:
    """Return what the system has on record, of all orders, with texts."""

    def by_order(name: str) -> dict[str, list[Any]]:
        return grouped(list(pressroom.db[name].find()), itemgetter("order"))

    names = ("reports", "steps", "ledger", "deliveries", "alerts")
    reports, steps, ledger, deliveries, alerts = map(by_order, names)
    orders: Any = pressroom.db.orders.find()
    return [
        Evidence(
            order,
            reports=reports.get(order["_id"], []),
            steps=steps.get(order["_id"], []),
            purchases=ledger.get(order["_id"], []),
            deliveries=deliveries.get(order["_id"], []),
            alerts=alerts.get(order["_id"], []),
        )
        for order in orders
    ]


def _pdfs(found: Evidence) -> Iterator[Any]:
    return (report["pdf"] for report in found.reports if report["pdf"] is not None)


def _lost(world: World, cases: Sequence[Evidence]) -> list[Violation]:
    """Return the sessions that were paid and have no order."""
    missing = world.paid.keys() - {one.order["_id"] for one in cases}
    return [Violation(one, "lost", "It was paid at the till, and there is no order.") for one in sorted(missing)]
