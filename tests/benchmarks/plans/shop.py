"""A shop to measure: real processes on servers of their own, orders at given moments, and what came of them."""

import asyncio
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from actors.products.catalogue import MAIL_QUEUE, PRODUCTS
from infra.local.llm.exchange import Record
from infra.local.stack import Stack
from tests.benchmarks.http import Line
from tests.benchmarks.measured import say
from tests.faults.storm import signed
from tests.pressroom import PRESSROOM, ColdPressroom

#: So much that no limit of the provider's is ever in the way.
NO_LIMIT = (10_000_000, 2_000_000_000)
#: Workers of long products yield to whatever else the machine does.
_START_S = 240.0
ANSWERS = {"name": "Ada Byron", "question": "Shall I go?", "birth_date": "1988-04-17", "birth_place": "London"}

FAST, LONG = "life_clarity", "personal_horoscope"


class Purchase(NamedTuple):
    """A paid order that the webhook has not heard of yet, `after_s` seconds from the beginning of its delivery."""

    order: str
    event: dict[str, Any]
    after_s: float = 0.0


class Limits(NamedTuple):
    """What the provider allows in a minute; settings and stub say the same."""

    requests: int
    tokens: int


class Shop(ColdPressroom):
    """The processes of one measurement, which must outlast it."""

    def purchase(
        self, product: str = FAST, *, price: int | None = None, after_s: float = 0.0, **metadata: str
    ) -> Purchase:
        """Return an order of a product, at its price in the catalogue if it has one there."""
        said = {"product": product, **ANSWERS, **metadata}
        event = self.event(metadata=said, amount_subtotal=price or PRODUCTS[product].price)
        return Purchase(event["data"]["object"]["id"], event, after_s)

    def evenly(self, count: int, over_s: float, **metadata: str) -> list[Purchase]:
        """Return orders of the fast product that come evenly over so many seconds."""
        return [self.purchase(price=None, after_s=nth * over_s / count, **metadata) for nth in range(count)]

    def deliver(self, purchases: Sequence[Purchase]) -> dict[str, float]:
        """Tell the webhook of each at its time; return when each was sent (Unix time). All must be taken."""
        return asyncio.run(self._deliver(purchases))

    async def _deliver(self, purchases: Sequence[Purchase]) -> dict[str, float]:
        requests = [signed(self, one.event) for one in purchases]
        lines = [await Line.open(self.stack.web_port) for _ in requests]
        began = time.time()

        async def send(line: Line, purchase: Purchase, request: bytes) -> tuple[str, float]:
            await asyncio.sleep(max(0.0, began + purchase.after_s - time.time()))
            sent_at = time.time()
            answer = await asyncio.wait_for(line.ask(request), 30)
            line.close()
            assert answer.status == 200, f"the webhook answered {answer.status}"
            return purchase.order, sent_at

        return dict(await asyncio.gather(*map(send, lines, purchases, requests)))

    def warm_up(self, product: str = FAST) -> None:
        """See one order through, so that what happens once in a process has happened."""
        purchase = self.purchase(product)
        self.deliver([purchase])
        self.until_all_delivered([purchase.order], 90)

    def until_all_delivered(self, orders: Sequence[str], patience_s: float, look_every_s: float = 0.25) -> None:
        """Return when all are; AssertionError if one needs an operator, or is not delivered in time."""
        deadline = time.monotonic() + patience_s
        while missing := self.undelivered(orders):
            for part in self.parts:
                part.check()
            troubled = self.db.orders.find_one({"_id": {"$in": missing}, "attention": {"$ne": None}})
            assert troubled is None, f"order {troubled['_id']} needs an operator: {troubled['attention']}"
            assert time.monotonic() < deadline, f"{len(missing)} orders were not delivered in {patience_s:g} s"
            time.sleep(look_every_s)

    def until_written(self, order: str, product: str, patience_s: float) -> None:
        """Return when all sections of a report are; setting and binding it may take longer."""
        done = {"report": f"{order}:{product}", "slot": "write", "state": "done"}
        sections = len(PRODUCTS[product].sections)
        deadline = time.monotonic() + patience_s
        while (count := self.db.steps.count_documents(done)) < sections:
            assert time.monotonic() < deadline, f"{count} of {sections} sections were written in {patience_s:g} s"
            time.sleep(0.5)

    def undelivered(self, orders: Sequence[str]) -> list[str]:
        """Return those of the orders that are not delivered."""
        delivered = {"_id": {"$in": list(orders)}, "delivered_at": {"$ne": None}}
        found = {order["_id"] for order in self.db.orders.find(delivered, {"_id": 1})}
        return [order for order in orders if order not in found]

    def delivered_at(self, orders: Sequence[str]) -> dict[str, float]:
        """Return when each was delivered (Unix time)."""
        found = self.db.orders.find({"_id": {"$in": list(orders)}}, {"delivered_at": 1})
        return {order["_id"]: order["delivered_at"].timestamp() for order in found}

    def written_at(self, orders: Sequence[str]) -> dict[str, float]:
        """Return when the last section of each was kept (Unix time)."""
        last: dict[str, float] = defaultdict(float)
        query = {"order": {"$in": list(orders)}, "kind": "write", "state": "done"}
        for step in self.db.steps.find(query, {"order": 1, "done_at": 1}):
            last[step["order"]] = max(last[step["order"]], step["done_at"].timestamp())
        return dict(last)

    def calls(self, orders: Sequence[str]) -> dict[str, list[Record]]:
        """Return the LLM's calls of each order, as the stub recorded them."""
        found: dict[str, list[Record]] = {order: [] for order in orders}
        for record in self.stack.llm.requests():
            if record.order in found:
                found[record.order].append(record)
        return found


@contextmanager
def opened(
    name: str,
    *queues: str,
    latency_s: float,
    limits: tuple[int, int] = NO_LIMIT,
    program: Sequence[str] = PRESSROOM,
    **env: str,
) -> Iterator[Shop]:
    """Run web, sweep, the mail's worker and one worker for each queue named, on empty servers."""
    say(f"{name}: starting")
    requests, tokens = limits
    limited = {"LLM_REQUESTS_PER_MINUTE": str(requests), "LLM_TOKENS_PER_MINUTE": str(tokens), **env}
    with (
        tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder,
        Stack(Path(folder), latency_s=latency_s) as stack,
        Shop(stack, program, **limited) as shop,
    ):
        stack.llm.set_limits(requests_per_minute=requests, tokens_per_minute=tokens)
        commands = [("web",), ("sweep",), *(("worker", queue) for queue in (*queues, MAIL_QUEUE))]
        for part in [shop.start(*command, wait=False) for command in commands]:
            part.start_within_s = _START_S
            part.wait_ready()
        yield shop


def event_lines(purchases: Sequence[Purchase]) -> str:
    """Return the events as lines of JSON, for a program that takes them itself."""
    return "".join(f"{json.dumps(one.event)}\n" for one in purchases)


def module(name: str) -> tuple[str, ...]:
    """Return the command that runs a module beside this one."""
    return (sys.executable, "-m", f"tests.benchmarks.plans.{name}")
