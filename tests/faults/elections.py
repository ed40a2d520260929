"""`make elections`: orders are made and webhooks come while a set of three loses its primary, again and again.

Short forms of it are tests.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table

from infra.local.stack import Stack
from tests.faults.burst import Told, delivering
from tests.faults.order import CALLS
from tests.faults.primary import Primary
from tests.faults.storm import repeated
from tests.pressroom import Pressroom

Way = Literal["kill", "step_down", "freeze"]
#: What the first of a round's orders have come to when the primary is lost; the others are being written.
Stage = Literal["write", "render", "assemble", "mail"]
WAYS: tuple[Way, ...] = ("kill", "step_down", "freeze")
STAGES: tuple[Stage, ...] = ("write", "render", "assemble", "mail")

#: Within this the webhook has answered, whatever MongoDB does.
_DEADLINE_S = 3.0
#: Minutes, since two processors may have a dozen books to set.
_PATIENCE_S = 300.0
#: The driver takes a member that is silent, and not gone, for lost after its heartbeat and the time to connect.
_SILENCE_S = 10.0 + 2.0
#: Sold by the webhooks of a burst: no worker serves it here, so that its messages can be counted.
_UNSERVED: dict[str, Any] = {
    "amount_subtotal": 4900,
    "metadata": {"product": "personal_blueprint", "name": "Ada Byron", "birth_date": "1988-04-17"},
}

#: All alerts but that about the queue that no worker serves here.
_ALARMING = {"$nor": [{"kind": "no_worker", "event": "personal_blueprint"}]}


class Loss(NamedTuple):
    """A lost primary: how, in the middle of what, and what those heard who came meanwhile."""

    way: Way
    stage: Stage
    elected_s: float
    asked: int
    refused: int
    slowest_s: float
    #: Neither 200 nor 503; not in time; 503 though there had been a primary for as long as an answer takes.
    odd: int
    slow: int
    needless: int

    @property
    def harm(self) -> int:
        """Everything that must not be: it must be 0."""
        return self.odd + self.slow + self.needless


class Harm(NamedTuple):
    """What must all be 0 in the end."""

    undelivered: int
    letters_lost_or_doubled: int
    sections_bought_twice: int
    sessions_lost_or_doubled: int
    messages_lost_or_doubled: int
    steps_failed: int
    steps_taken_from_the_living: int
    dead_letters: int
    orders_of_operators: int
    alerts: int
    bugs: int


class Siege:
    """Orders and webhooks through any number of elections, one after the other."""

    def __init__(self, pressroom: Pressroom, primary: Primary, *, lot: int, burst: int, seed: int) -> None:
        """Each round has twice so many orders, and so many webhooks, some of which come twice."""
        self.pressroom, self._primary = pressroom, primary
        self._lot, self._burst, self._rng = lot, burst, random.Random(seed)
        self.orders: list[str] = []
        self.sessions: set[str] = set()

    def lose(self, way: Way, stage: Stage) -> Loss:
        """Lose the primary with orders at that stage and others being written, in the middle of webhooks.

        Those of the round before are delivered first.
        """
        self._settle()
        first = self._buy()
        self.pressroom.until(stage, lambda: self._reached(first, stage), _PATIENCE_S)
        second = self._buy()
        self.pressroom.until("writing", lambda: self._reached(second, "write"), _PATIENCE_S)
        events = [self.pressroom.event(**_UNSERVED) for _ in range(self._burst)]
        self.sessions |= {event["data"]["object"]["id"] for event in events}
        with delivering(self.pressroom, repeated(events, 2, self._rng)) as told:
            self.pressroom.until("a part of the burst", lambda: len(told) > self._burst // 4)
            began = time.monotonic()
            getattr(self._primary, way)()
            elected = time.monotonic()
        self._primary.mend()
        return _judge(way, stage, told, elected, elected - began)

    def _buy(self) -> list[str]:
        bought = [self.pressroom.buy() for _ in range(self._lot)]
        self.orders += bought
        return bought

    def _reached(self, orders: list[str], stage: Stage) -> bool:
        theirs = {"order": {"$in": orders}}
        if stage == "mail":
            return self.pressroom.db.deliveries.find_one(theirs) is not None
        begun = {"kind": stage, "state": {"$in": ["claimed", "done"]}}
        return self.pressroom.db.steps.find_one({**theirs, **begun}) is not None

    def end(self) -> Harm:
        """Return what is wrong once everything had its time."""
        db = self.pressroom.db
        self._settle()
        self.pressroom.until("applying", lambda: not db.events.count_documents({"state": {"$ne": "applied"}}))
        letters = [len(self.pressroom.letters(order)) for order in self.orders]
        calls = [len(self.pressroom.stack.llm.requests(order=order)) for order in self.orders]
        return Harm(
            undelivered=self._undelivered(),
            letters_lost_or_doubled=sum(abs(count - 1) for count in letters),
            sections_bought_twice=sum(count - CALLS for count in calls),
            sessions_lost_or_doubled=self._sessions(),
            messages_lost_or_doubled=self._messages(),
            steps_failed=db.steps.count_documents({"fails": {"$gt": 0}}),
            steps_taken_from_the_living=db.steps.count_documents({"kills": {"$gt": 0}}),
            dead_letters=db.dead_letters.count_documents({}),
            orders_of_operators=db.orders.count_documents({"attention": {"$ne": None}}),
            alerts=db.alerts.count_documents(_ALARMING),
            bugs=sum(part.output().count('"exception"') for part in self.pressroom.parts),
        )

    def _settle(self) -> None:
        self.pressroom.until("delivery", lambda: self._undelivered() == 0, _PATIENCE_S)

    def _undelivered(self) -> int:
        delivered = {"_id": {"$in": self.orders}, "delivered_at": {"$ne": None}}
        return len(self.orders) - self.pressroom.db.orders.count_documents(delivered)

    def _sessions(self) -> int:
        db = self.pressroom.db
        orders = {order["_id"] for order in db.orders.find({}, {"_id": 1})}
        reports = [report["order"] for report in db.reports.find({}, {"order": 1})]
        wanted = {*self.orders, *self.sessions}
        return len(wanted ^ orders) + len(wanted ^ set(reports)) + len(reports) - len(set(reports))

    def _messages(self) -> int:
        """Return how many of the burst's reports do not wait in their queue exactly once."""
        self.pressroom.until("queueing", lambda: len(self._waiting()) >= len(self.sessions))
        waiting = self._waiting()
        reports = self.pressroom.db.reports.find({"product": "personal_blueprint"}, {"message": 1})
        return len({report["message"] for report in reports} ^ set(waiting)) + len(waiting) - len(set(waiting))

    def _waiting(self) -> list[str]:
        queued: Any = self.pressroom.redis.lrange("dramatiq:personal_blueprint", 0, -1)
        return [message.decode() for message in queued]


def _judge(way: Way, stage: Stage, told: Sequence[Told], elected: float, took_s: float) -> Loss:
    refused = [one for one in told if one.status == 503]
    patience_s = _DEADLINE_S + (_SILENCE_S if way == "freeze" else 0)
    return Loss(
        way=way,
        stage=stage,
        elected_s=took_s,
        asked=len(told),
        refused=len(refused),
        slowest_s=max(one.seconds for one in told),
        odd=sum(one.status not in {200, 503} for one in told),
        slow=sum(one.seconds > _DEADLINE_S for one in told),
        needless=sum(one.began > elected + patience_s for one in refused),
    )


def show(losses: Sequence[Loss]) -> Table:
    """Return a table of lost primaries."""
    table = Table(*(name.replace("_", " ") for name in Loss._fields))
    for loss in losses:
        table.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in loss))
    return table


def main() -> int:
    """Lose the primary many times, and say what it came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--elections", type=int, default=24)
    asked.add_argument("--orders", type=int, default=8)
    asked.add_argument("--webhooks", type=int, default=400)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    console, rng = Console(), random.Random(wanted.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), latency_s=1.0, mongods=3) as stack,
        closing(Primary(stack)) as primary,
        Pressroom(stack) as pressroom,
    ):
        pressroom.start_missing()
        siege = Siege(pressroom, primary, lot=wanted.orders // 2, burst=wanted.webhooks, seed=wanted.seed)
        losses = [siege.lose(rng.choice(WAYS), rng.choice(STAGES)) for _ in range(wanted.elections)]
        harm = siege.end()
    console.print(show(losses))
    for name, value in harm._asdict().items():
        console.print(f"  {name.replace('_', ' ')} {value}")
    return 1 if any(harm) or any(loss.harm for loss in losses) else 0


if __name__ == "__main__":
    sys.exit(main())
