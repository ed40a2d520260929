"""`make bench-webhook`: the accepted path beside the least that a webhook can do, and the outages, in one run."""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stripe import WebhookSignature

from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests.benchmarks.figures import percentile, publish
from tests.benchmarks.http import Answer, Line, ask_all, post
from tests.ports import free_ports

AT_ONCE = (1, 8, 64)
#: Requests of one slice, and slices of each kind, taken in turn so that the machine's moods hit both alike.
SLICE, SLICES = {1: 100, 8: 300, 64: 600}, 5
OUTAGE = 200

FIXTURE = Path(__file__).parent.parent / "fixtures" / "checkout.session.completed.json"


def requests(stack: Stack, count: int) -> list[bytes]:
    """Return signed events, each of a session of its own, as Stripe would send them."""
    event: dict[str, Any] = json.loads(FIXTURE.read_text())
    return [_request(stack, event) for _ in range(count)]


def _request(stack: Stack, event: dict[str, Any]) -> bytes:
    key = uuid.uuid4().hex
    event |= {"id": f"evt_{key}", "created": int(time.time())}
    event["data"]["object"] |= {
        "id": f"cs_test_{key}",
        "payment_intent": f"pi_{key}",
        "amount_subtotal": 1900,
        "currency": "usd",
        "metadata": {"product": "life_clarity", "name": "Ada", "question": "Whither?"},
    }
    body = json.dumps(event)
    header = WebhookSignature.generate_signature_header(body, stack.env["STRIPE_WEBHOOK_SECRET"])
    return post("/webhooks/stripe", body.encode(), **{"Stripe-Signature": header})


@contextmanager
def bare(stack: Stack) -> Iterator[int]:
    """Run the bare endpoint and yield its port."""
    (port,) = free_ports(1)
    env = {**outer_environment(), **stack.env}
    env["MONGODB_URL"] = env["MONGODB_URL"].replace("/pressroom?", "/bare?")
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.bare_webhook", str(port)], env=env)
    try:
        asyncio.run(_until_listening(port))
        yield port
    finally:
        process.terminate()
        process.wait(10)


async def _until_listening(port: int) -> None:
    for _ in range(200):
        try:
            (await Line.open(port)).close()
        except OSError:
            await asyncio.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing listens on {port}")


def accepted(stack: Stack, ours: int, theirs: int) -> list[dict[str, Any]]:
    """Measure the accepted path at each concurrency, in turns."""
    rows = []
    for at_once in AT_ONCE:
        taken: dict[int, list[tuple[list[Answer], float]]] = {ours: [], theirs: []}
        for nth in range(SLICES + 1):
            for port in (ours, theirs):
                result = asyncio.run(ask_all(port, requests(stack, SLICE[at_once]), at_once))
                assert {answer.status for answer in result[0]} == {200}
                if nth:  # the first slice of each warms up
                    taken[port].append(result)
        rows.append(_row(at_once, taken[ours], taken[theirs]))
    return rows


def _row(
    at_once: int, ours: list[tuple[list[Answer], float]], theirs: list[tuple[list[Answer], float]]
) -> dict[str, Any]:
    def rate(taken: list[tuple[list[Answer], float]]) -> float:
        return statistics.median(len(answers) / seconds for answers, seconds in taken)

    def ms(taken: list[tuple[list[Answer], float]], share: float) -> float:
        return 1000 * percentile([one.seconds for answers, _ in taken for one in answers], share)

    ratios = [(len(a) / s) / (len(b) / t) for (a, s), (b, t) in zip(ours, theirs, strict=True)]
    return {
        "at once": at_once,
        "orders/s": rate(ours),
        "bare inserts/s": rate(theirs),
        "ratio": statistics.median(ratios),
        "p50 ms": ms(ours, 0.5),
        "bare p50 ms": ms(theirs, 0.5),
        "p99 ms": ms(ours, 0.99),
        "bare p99 ms": ms(theirs, 0.99),
    }


def outage(
    stack: Stack, port: int, name: str, fall: Callable[[], None], rise: Callable[[], None]
) -> dict[str, Any]:
    """Measure answers and /livez while a server is away."""
    fall()
    try:
        answers, livez = asyncio.run(_during(port, requests(stack, OUTAGE)))
    finally:
        rise()
    statuses = Counter(answer.status for answer in answers)
    return {
        "away": name,
        "answers": " ".join(f"{count}×{status}" for status, count in sorted(statuses.items())),
        "p50 s": percentile([answer.seconds for answer in answers], 0.5),
        "p99 s": percentile([answer.seconds for answer in answers], 0.99),
        "max s": max(answer.seconds for answer in answers),
        "livez p99 ms": 1000 * percentile([answer.seconds for answer in livez], 0.99),
        "livez max ms": 1000 * max(answer.seconds for answer in livez),
    }


async def _during(port: int, asked: list[bytes]) -> tuple[list[Answer], list[Answer]]:
    livez: list[Answer] = []
    line = await Line.open(port)

    async def look() -> None:
        while True:
            livez.append(await line.ask(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"))
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    answers, _ = await ask_all(port, asked, 16)
    looking.cancel()
    line.close()
    return answers, livez


def outages(stack: Stack, port: int) -> list[dict[str, Any]]:
    """Take each server away in each way."""
    mongodb, redis = stack.part("mongodb"), stack.part("redis")
    return [
        outage(stack, port, "MongoDB, killed", mongodb.kill, mongodb.start),
        outage(stack, port, "MongoDB, frozen", *_freeze(mongodb.pid)),
        outage(stack, port, "Redis, killed", redis.kill, redis.start),
        outage(stack, port, "Redis, frozen", *_freeze(redis.pid)),
    ]


def _freeze(pid: int) -> tuple[Callable[[], None], Callable[[], None]]:
    return lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT)


def main() -> None:
    """Run everything and publish it."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        web = stack.pressroom("web")
        web.wait_ready()
        port = stack.web_port
        assert web.running
        with bare(stack) as theirs:
            rows = accepted(stack, port, theirs)
        away = outages(stack, port)
    at_8 = next(row for row in rows if row["at once"] == 8)
    publish("webhook-outages", "While a server is away, 16 at once", away, {})
    publish(
        "webhook",
        f"The accepted path, medians of {SLICES} slices in turns",
        rows,
        {
            "webhook_ratio_to_bare": at_8["ratio"],
            "webhook_down_p99_s": max(row["p99 s"] for row in away),
            "webhook_down_livez_max_ms": max(row["livez max ms"] for row in away),
        },
    )


if __name__ == "__main__":
    main()
