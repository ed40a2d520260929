"""`make bench-live`: five hundred order pages open on one web process, and what the webhook notices of them."""

import asyncio
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local.stack import Stack
from tests.benchmarks.figures import percentile, publish
from tests.benchmarks.http import ask_all
from tests.benchmarks.processor import own_s
from tests.benchmarks.webhook import requests
from tests.pressroom import Pressroom

PAGES = 500
#: Checkpoints a second over all orders: as many as a machine of four processors writes and sets.
CHANGES = 10
#: Webhooks of a slice, so many at once, and slices without and with the pages, in turn.
SLICE, AT_ONCE, SLICES = 300, 8, 5
#: Seconds over which the pages are watched.
IDLE_S, LIVE_S = 30.0, 30.0


class Reader:
    """A browser that has an order's page open."""

    def __init__(self, path: str, address: str) -> None:
        self.events, self.is_open = 0, asyncio.Event()
        self._request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n\r\n"
        self._writer: asyncio.StreamWriter | None = None

    async def read(self, port: int) -> None:
        """Open the stream and count its events until it is closed. One that is refused is asked for again."""
        lines, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._writer.write(self._request.encode())
        if b" 200 " not in await lines.readline():
            self._writer.close()
            await asyncio.sleep(1)
            await self.read(port)
            return
        while line := await lines.readline():
            if line.startswith(b"id: "):
                self.events += 1
                self.is_open.set()

    def close(self) -> None:
        """Close the page."""
        if self._writer is not None:
            self._writer.close()


class Bench:
    """The measurements, all of one web process."""

    def __init__(self, house: Pressroom) -> None:
        self._house = house
        self._web = house.part("web").pid
        self._readers: list[Reader] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._paths = [f"{urlsplit(url).path}/events" for url in self._buy()]

    def _buy(self) -> Iterator[str]:
        for _ in range(PAGES):
            self._house.buy()
        return (order["url"] for order in self._house.json("orders", "list", "--limit", str(PAGES)))

    @property
    def cpu_s(self) -> float:
        """Processor time of the web process until now."""
        return own_s(self._web)

    @property
    def memory(self) -> int:
        """Its memory, in bytes."""
        return int(Path(f"/proc/{self._web}/statm").read_text().split()[1]) * resource.getpagesize()

    async def open(self) -> None:
        """Open all pages, and return once each has shown its order."""
        port = self._house.stack.web_port
        self._readers = [Reader(path, f"10.0.{nth // 250}.{nth % 250}") for nth, path in enumerate(self._paths)]
        self._tasks = [asyncio.create_task(reader.read(port)) for reader in self._readers]
        async with asyncio.timeout(60):
            await asyncio.gather(*(reader.is_open.wait() for reader in self._readers))

    async def close(self) -> None:
        """Close all pages."""
        for reader in self._readers:
            reader.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def change(self, seconds: float) -> int:
        """Write checkpoints for so long, each of an order of its own. Returns how many the pages heard of."""
        before, ends_at = self._events(), time.monotonic() + seconds
        orders = [one["_id"] for one in self._house.db.orders.find({}, {"_id": 1}).limit(PAGES)]
        while time.monotonic() < ends_at:
            await asyncio.to_thread(self._change, random.choice(orders))
            await asyncio.sleep(1 / CHANGES)
        return self._events() - before

    def _events(self) -> int:
        return sum(reader.events for reader in self._readers)

    def _change(self, order: str) -> None:
        self._house.db.reports.update_one({"order": order}, {"$inc": {"downloads.count": 1}})

    async def webhooks(self) -> float:
        """Return the p99 of a slice of webhooks, in seconds."""
        answers, _ = await ask_all(self._house.stack.web_port, requests(self._house.stack, SLICE), AT_ONCE)
        assert {answer.status for answer in answers} == {200}
        return percentile([answer.seconds for answer in answers], 0.99)


async def measure(bench: Bench) -> dict[str, float]:
    """Measure memory and processor time of the pages, then webhooks in turn without and with them."""
    await bench.webhooks()  # warms up
    memory = bench.memory
    await bench.open()
    memory = bench.memory - memory
    idle = await _cpu_share(bench, asyncio.sleep(IDLE_S), IDLE_S)
    heard = 0

    async def change() -> None:
        nonlocal heard
        heard = await bench.change(LIVE_S)

    live = await _cpu_share(bench, change(), LIVE_S)
    await bench.close()
    without, with_pages = [], []
    for _ in range(SLICES):
        without.append(await bench.webhooks())
        await bench.open()
        changing = asyncio.create_task(bench.change(3600))
        with_pages.append(await bench.webhooks())
        changing.cancel()
        await bench.close()
    ratios = [b / a for a, b in zip(without, with_pages, strict=True)]
    return {
        "live_pages": PAGES,
        "live_kib_per_page": memory / PAGES / 1024,
        "live_idle_cpu_share": idle,
        "live_cpu_share": live,
        "live_cpu_ms_per_event": 1000 * (live - idle) * LIVE_S / max(1, heard),
        "live_events_heard": heard,
        "webhook_p99_ms_without": 1000 * statistics.median(without),
        "webhook_p99_ms_with": 1000 * statistics.median(with_pages),
        "webhook_p99_ratio": statistics.median(ratios),
    }


async def _cpu_share(bench: Bench, during: Any, seconds: float) -> float:
    used = bench.cpu_s
    await during
    return (bench.cpu_s - used) / seconds


def main() -> None:
    """Run everything and publish it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder)) as stack,
        Pressroom(stack, TRUSTED_PROXIES="127.0.0.0/8") as house,
    ):
        house.pretend_to_sweep()
        house.start("web")
        figures = asyncio.run(measure(Bench(house)))
    rows = [{"figure": name, "value": value} for name, value in figures.items()]
    publish("live", f"{PAGES} order pages open, {CHANGES} checkpoints a second", rows, figures)


if __name__ == "__main__":
    main()
