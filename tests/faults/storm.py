"""`make storm`: thousands of deliveries, shuffled and repeated, with servers and web processes killed midway.

The same storm, smaller, is a test.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from rich.console import Console
from stripe import WebhookSignature

from infra.local.part import Part
from infra.local.stack import Stack
from tests.benchmarks.http import Line, ask_all, post
from tests.ports import free_ports
from tests.pressroom import PATIENCE_S, Pressroom

#: What Stripe says of a session until it is paid, as the types of its events and the sessions' payment status.
_STORIES = (
    (("checkout.session.completed", "paid"),),
    (("checkout.session.completed", "unpaid"), ("checkout.session.async_payment_succeeded", "paid")),
    (("checkout.session.completed", "no_payment_required"),),
)
AT_ONCE = 16

Item = TypeVar("Item")


class Door(NamedTuple):
    """A web process, and where it listens."""

    web: Part
    port: int


class Count(NamedTuple):
    """What a storm came to: `cut` were never answered, because the process was killed."""

    sent: int
    refused: int
    cut: int
    lost_orders: int
    lost_reports: int
    doubled_messages: int
    lost_messages: int
    left_events: int

    @property
    def harm(self) -> int:
        """Everything that was lost, doubled or left: it must be 0."""
        return sum(self[3:])


def signed(pressroom: Pressroom, event: dict[str, Any] | bytes) -> bytes:
    """Return the request with which Stripe delivers an event now."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    secret = pressroom.stack.env["STRIPE_WEBHOOK_SECRET"]
    header = WebhookSignature.generate_signature_header(body.decode(), secret)
    return post("/webhooks/stripe", body, **{"Stripe-Signature": header})


def events_of_sessions(pressroom: Pressroom, count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Return the events of that many paid sessions, in the order in which they happened."""
    events = []
    for _ in range(count):
        session = pressroom.event()["data"]["object"]
        for kind, status in rng.choice(_STORIES):
            about = {**session, "payment_status": status}
            events.append({**pressroom.event(), "type": kind, "data": {"object": about}})
    return events


def repeated(events: Sequence[Item], most: int, rng: random.Random) -> list[Item]:
    """Return each of the events 1 to `most` times, shuffled."""
    copies = [event for event in events for _ in range(rng.randint(1, most))]
    rng.shuffle(copies)
    return copies


class Deliveries:
    """What is still to be delivered to one process, and who is killed once so much of it is gone."""

    def __init__(self, events: list[dict[str, Any]], killed: Sequence[Part]) -> None:
        """Nothing is delivered yet; the kills are spread evenly."""
        self.left = deque(events)
        self.answers: Counter[int] = Counter()
        marks = [len(events) * nth // (len(killed) + 1) for nth in range(len(killed), 0, -1)]
        self.kills = [(mark, asyncio.Event(), part) for mark, part in zip(marks, killed, strict=True)]

    async def run(self, pressroom: Pressroom, port: int) -> None:
        """Deliver over one connection; what is not accepted comes again at the end, as Stripe does it."""
        line = await opened(port)
        while self.left:
            event = self.left.popleft()
            answer = await line.ask(signed(pressroom, event))
            self.answers[answer.status] += 1
            if answer.status != 200:
                assert answer.status in {0, 503}, answer
                self.left.append(event)
            for mark, passed, _ in self.kills:
                if len(self.left) <= mark:
                    passed.set()
            if answer.status == 0:
                line.close()
                line = await opened(port)
        line.close()

    async def kill(self, away_s: float) -> None:
        """Kill each part with -9 when its time has come, and start it again later."""
        for _, passed, part in self.kills:
            await passed.wait()
            await asyncio.to_thread(part.kill)
            await asyncio.sleep(away_s)
            await asyncio.to_thread(part.start)


async def opened(port: int) -> Line:
    """Connect to a process, once it listens: it may have been killed."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await Line.open(port)
            except ConnectionError:
                await asyncio.sleep(0.05)


def storm(
    pressroom: Pressroom,
    doors: Sequence[Door],
    killed: Sequence[Sequence[Part]],
    *,
    sessions: int,
    most: int,
    away_s: float,
    seed: int,
) -> Count:
    """Deliver each event of so many sessions 1 to `most` times, shuffled over the doors, 16 at once.

    `killed` are, for each door, those who die one after the other while it takes its share, each away for so long.
    Count what went wrong, once the sweep has had its time.
    """
    rng = random.Random(seed)
    events = events_of_sessions(pressroom, sessions, rng)
    dealt = repeated(events, most, rng)
    shares = [Deliveries(dealt[nth :: len(doors)], parts) for nth, parts in enumerate(killed)]

    async def run() -> None:
        at = list(zip(doors, shares, strict=True))
        lines = [share.run(pressroom, door.port) for door, share in at for _ in range(AT_ONCE // len(doors))]
        await asyncio.gather(*(share.kill(away_s) for share in shares), *lines)

    asyncio.run(run())
    unapplied = {"state": {"$ne": "applied"}}
    pressroom.until("applying", lambda: pressroom.db.events.count_documents(unapplied) == 0)
    pressroom.until("queueing", lambda: not messages(pressroom)[1])
    answers = sum((share.answers for share in shares), Counter[int]())
    return Count(answers.total(), answers[503], answers[0], *found(pressroom, events))


def found(pressroom: Pressroom, events: list[dict[str, Any]]) -> tuple[int, int, int, int, int]:
    """Return what is missing of these events and their sessions, and what is there too often."""
    sessions = {event["data"]["object"]["id"] for event in events}
    orders = {order["_id"] for order in pressroom.db.orders.find({}, {"_id": 1})}
    reports = Counter(report["order"] for report in pressroom.db.reports.find({}, {"order": 1}))
    doubled, lost = messages(pressroom)
    applied = {event["_id"] for event in pressroom.db.events.find({"state": "applied"}, {"_id": 1})}
    left = applied ^ {event["id"] for event in events}
    return len(sessions ^ orders), len([1 for one in sessions if reports[one] != 1]), doubled, lost, len(left)


def messages(pressroom: Pressroom) -> tuple[int, int]:
    """Return how many messages wait more than once, and how many that are needed do not wait."""
    queued: Any = pressroom.redis.lrange("dramatiq:life_clarity", 0, -1)
    counts = Counter(one.decode() for one in queued)
    wanted = [report["message"] for report in pressroom.db.reports.find({"state": "queued"}, {"message": 1})]
    return sum(count > 1 for count in counts.values()), sum(not counts[message] for message in wanted)


def twins(pressroom: Pressroom, doors: Sequence[Door], *, sessions: int, rounds: int) -> int:
    """Deliver each session's event to two processes at the same moment; return how many were queued twice."""
    pressroom.forget()

    async def run() -> None:
        for _ in range(rounds):
            once = [signed(pressroom, pressroom.event()) for _ in range(sessions)]
            await asyncio.gather(*(ask_all(door.port, once, len(once)) for door in doors))

    asyncio.run(run())
    # Under load messages are sent while the answers are on their way.
    pressroom.until("queueing", lambda: not messages(pressroom)[1])
    assert pressroom.db.reports.count_documents({}) == sessions * rounds
    queued: int = pressroom.redis.llen("dramatiq:life_clarity")
    return queued - sessions * rounds


def told(pressroom: Pressroom, doors: Sequence[Door], bodies: Sequence[bytes]) -> set[int]:
    """Deliver events, dealt out to the doors, 16 at once; return the statuses of all answers."""
    requests = [signed(pressroom, body) for body in bodies]
    each = AT_ONCE // len(doors)

    async def run() -> set[int]:
        shares = [ask_all(door.port, requests[nth :: len(doors)], each) for nth, door in enumerate(doors)]
        return {answer.status for answers, _ in await asyncio.gather(*shares) for answer in answers}

    return asyncio.run(run())


def two_doors(pressroom: Pressroom) -> list[Door]:
    """Start two web processes."""
    ports = [pressroom.stack.web_port, *free_ports(1)]
    return [Door(pressroom.start("web", "--port", str(port)), port) for port in ports]


def main() -> int:
    """Run the whole storm, and say what it came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sessions", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack, Pressroom(stack) as pressroom:
        doors = two_doors(pressroom)
        doubled = twins(pressroom, doors, sessions=50, rounds=20)
        console.print(f"50 sessions, each delivered to two processes at once, 20 times over: {doubled} doubled")
        pressroom.forget()
        pressroom.start("sweep")
        mongodb, redis = stack.part("mongodb"), stack.part("redis")
        killed = ((mongodb, doors[0].web, redis), (doors[1].web,))
        began = time.monotonic()
        count = storm(pressroom, doors, killed, sessions=wanted.sessions, most=10, away_s=10, seed=wanted.seed)
        console.print(f"{wanted.sessions} sessions, seed {wanted.seed}, in {time.monotonic() - began:.0f} s:")
        for name, value in count._asdict().items():
            console.print(f"  {name.replace('_', ' ')} {value}")
    return 1 if doubled or count.harm else 0


if __name__ == "__main__":
    sys.exit(main())
