"""`make storm`: thousands of deliveries, shuffled and repeated, with outages in the middle.

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
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from stripe import WebhookSignature

from infra.local.ports import free_ports
from infra.local.stack import Stack
from tests.benchmarks.http import Line, ask_all, post
from tests.pressroom import Pressroom

#: What Stripe says of a session until it is paid, as the types of its events and the sessions' payment status.
_STORIES = (
    (("checkout.session.completed", "paid"),),
    (("checkout.session.completed", "unpaid"), ("checkout.session.async_payment_succeeded", "paid")),
    (("checkout.session.completed", "no_payment_required"),),
)
AT_ONCE = 16


class Count(NamedTuple):
    """What a storm came to; everything but `sent` and `refused` must be 0."""

    sent: int
    refused: int
    lost_orders: int
    lost_reports: int
    doubled_messages: int
    lost_messages: int
    left_events: int


def signed(pressroom: Pressroom, event: dict[str, Any]) -> bytes:
    """Return the request with which Stripe delivers an event now."""
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, pressroom.stack.env["STRIPE_WEBHOOK_SECRET"])
    return post("/webhooks/stripe", body.encode(), **{"Stripe-Signature": header})


def events_of_sessions(pressroom: Pressroom, count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Return the events of that many paid sessions, in the order in which they happened."""
    events = []
    for _ in range(count):
        session = pressroom.event()["data"]["object"]
        for kind, status in rng.choice(_STORIES):
            about = {**session, "payment_status": status}
            events.append({**pressroom.event(), "type": kind, "data": {"object": about}})
    return events


class Deliveries:
    """What is still to be delivered, and who waits until so much of it is gone."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        """Nothing is delivered yet."""
        self.left = deque(events)
        third = len(events) // 3
        self.thirds = {2 * third: asyncio.Event(), third: asyncio.Event()}
        self.sent = self.refused = 0

    async def run(self, pressroom: Pressroom, port: int) -> None:
        """Deliver over one connection; what is refused comes again at the end, as Stripe does it."""
        line = await Line.open(port)
        while self.left:
            event = self.left.popleft()
            answer = await line.ask(signed(pressroom, event))
            self.sent += 1
            if answer.status != 200:
                assert answer.status == 503, answer
                self.refused += 1
                self.left.append(event)
            for mark, passed in self.thirds.items():
                if len(self.left) <= mark:
                    passed.set()
        line.close()


async def break_servers(pressroom: Pressroom, deliveries: Deliveries, away_s: float) -> None:
    """Kill MongoDB when a third of the deliveries is gone, Redis when two thirds are; start each again later."""
    for name, passed in zip(("mongodb", "redis"), deliveries.thirds.values(), strict=True):
        await passed.wait()
        await asyncio.to_thread(pressroom.stack.part(name).kill)
        await asyncio.sleep(away_s)
        await asyncio.to_thread(pressroom.stack.part(name).start)


def storm(pressroom: Pressroom, ports: list[int], *, sessions: int, most: int, away_s: float, seed: int) -> Count:
    """Deliver each event of so many sessions 1 to `most` times, shuffled, through both outages, 16 at once.

    Count what went wrong, once the sweep has had its time.
    """
    rng = random.Random(seed)
    events = events_of_sessions(pressroom, sessions, rng)
    repeated = [event for event in events for _ in range(rng.randint(1, most))]
    rng.shuffle(repeated)
    deliveries = Deliveries(repeated)

    async def run() -> None:
        lines = [deliveries.run(pressroom, ports[nth % len(ports)]) for nth in range(AT_ONCE)]
        await asyncio.gather(break_servers(pressroom, deliveries, away_s), *lines)

    asyncio.run(run())
    unapplied = {"state": {"$ne": "applied"}}
    pressroom.until("applying", lambda: pressroom.db.events.count_documents(unapplied) == 0)
    pressroom.until("queueing", lambda: not messages(pressroom)[1])
    wanted = {event["data"]["object"]["id"] for event in events}
    return Count(deliveries.sent, deliveries.refused, *found(pressroom, wanted))


def found(pressroom: Pressroom, sessions: set[str]) -> tuple[int, int, int, int, int]:
    """Return what is missing of these sessions, and what is there too often."""
    orders = {order["_id"] for order in pressroom.db.orders.find({}, {"_id": 1})}
    reports = Counter(report["order"] for report in pressroom.db.reports.find({}, {"order": 1}))
    doubled, lost = messages(pressroom)
    left = pressroom.db.events.count_documents({"state": {"$ne": "applied"}})
    return len(sessions ^ orders), len([1 for one in sessions if reports[one] != 1]), doubled, lost, left


def messages(pressroom: Pressroom) -> tuple[int, int]:
    """Return how many messages wait more than once, and how many that are needed do not wait."""
    queued: Any = pressroom.redis.lrange("dramatiq:life_clarity", 0, -1)
    counts = Counter(one.decode() for one in queued)
    wanted = [report["message"] for report in pressroom.db.reports.find({"state": "queued"}, {"message": 1})]
    return sum(count > 1 for count in counts.values()), sum(not counts[message] for message in wanted)


def twins(pressroom: Pressroom, ports: list[int], *, sessions: int, rounds: int) -> int:
    """Deliver each session's event to two processes at the same moment; return how many were queued twice."""
    pressroom.forget()

    async def run() -> None:
        for _ in range(rounds):
            once = [signed(pressroom, pressroom.event()) for _ in range(sessions)]
            await asyncio.gather(*(ask_all(port, once, len(once)) for port in ports))

    asyncio.run(run())
    # Under load messages are sent while the answers are on their way.
    pressroom.until("queueing", lambda: not messages(pressroom)[1])
    assert pressroom.db.reports.count_documents({}) == sessions * rounds
    queued: int = pressroom.redis.llen("dramatiq:life_clarity")
    return queued - sessions * rounds


def two_doors(pressroom: Pressroom) -> list[int]:
    """Start two web processes and return their ports."""
    ports = [pressroom.stack.web_port, *free_ports(1)]
    for port in ports:
        pressroom.start("web", "--port", str(port))
    return ports


def main() -> int:
    """Run the whole storm, and say what it came to."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sessions", type=int, default=2000)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack, Pressroom(stack) as pressroom:
        ports = two_doors(pressroom)
        doubled = twins(pressroom, ports, sessions=50, rounds=20)
        console.print(f"50 sessions, each delivered to two processes at once, 20 times over: {doubled} doubled")
        pressroom.forget()
        pressroom.start("sweep")
        began = time.monotonic()
        count = storm(pressroom, ports, sessions=wanted.sessions, most=10, away_s=10, seed=wanted.seed)
        console.print(f"{wanted.sessions} sessions, seed {wanted.seed}, in {time.monotonic() - began:.0f} s:")
        for name, value in count._asdict().items():
            console.print(f"  {name.replace('_', ' ')} {value}")
    return 1 if doubled or any(count[2:]) else 0


if __name__ == "__main__":
    sys.exit(main())
