"""`make bundles`: bundles of three reports, while S3 and mail fail and workers die; each ends in one mail.

The same, smaller, is a test.
"""

import argparse
import hashlib
import random
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from actors.products.catalogue import MAIL_QUEUE, OFFERS
from infra.local.mail.letters import Letter
from infra.local.stack import Stack
from tests import plain_http
from tests.faults.gate import Gate
from tests.pressroom import ANSWERS, WITH_TEST_PRODUCTS, Pressroom
from tests.products.trio import product as trio

#: Of requests to S3 that are cut; boto3 itself tries three times.
_CUT = 0.25
#: Letters that a mail worker has in the air at most.
_LETTERS = 16
_BIRTH = {"birth_date": "1988-04-17", "birth_place": "London"}
_LINK = re.compile(r"https?://\S+/reports/\w+\.pdf")


class Count(NamedTuple):
    """What became of bundles.

    `repeats` are letters that came twice to their customer, under one Message-ID. A letter whose answer the mail
    server withheld (`unanswered`) is repeated without any death, and one may be for each that a mail worker had in
    the air when it was killed. Those beyond are `needless`.
    """

    bundles: int
    kills: int
    unanswered: int
    repeats: int
    needless: int
    undelivered: int
    without_letter: int
    doubled: int
    misdirected: int
    wrong_files: int

    @property
    def harm(self) -> int:
        """Everything that must not be: it must be 0."""
        return sum(self[4:])


def buy(pressroom: Pressroom, number: int, product: str, price: int) -> tuple[str, str]:
    """Buy a bundle for a customer of its own; return order and address."""
    email = f"{number}.{pressroom.email}"
    answers = {"product": product, **ANSWERS, **_BIRTH}
    facts: dict[str, Any] = {"metadata": answers, "amount_subtotal": price}
    return pressroom.buy(customer_details={"email": email}, **facts), email


def endure(
    pressroom: Pressroom, gate: Gate, *, bundles: int, full: int, killed: Sequence[str], seed: int
) -> Count:
    """Buy bundles, kill those workers (by queue) one after another meanwhile, and return what came of it all."""
    rng = random.Random(seed)
    gate.cuts = lambda _: rng.random() < _CUT
    unanswered = max(1, bundles // 8)
    pressroom.stack.inbox.add_faults(
        {"code": 451, "times": max(1, bundles // 4)}, {"at": "lost", "times": unanswered}
    )
    orders = [buy(pressroom, number, trio.NAME, trio.PRICE) for number in range(bundles)]
    orders += [buy(pressroom, bundles + number, "bundle", OFFERS["bundle"].price) for number in range(full)]

    def delivered() -> int:
        found: int = pressroom.db.orders.count_documents({"delivered_at": {"$ne": None}})
        return found

    def passed(number: float) -> bool:
        return delivered() >= number

    for nth, queue in enumerate(killed):
        share = (nth + rng.random()) / len(killed)
        pressroom.until("progress", partial(passed, share * bundles * 0.8), 900.0)
        pressroom.part(f"worker-{queue}").kill()
        pressroom.start("worker", queue)
    pressroom.until("all of it", lambda: delivered() == len(orders), 1800.0)
    gate.cuts = lambda _: False
    return judge(pressroom, orders, killed, unanswered)


def judge(
    pressroom: Pressroom, orders: Sequence[tuple[str, str]], killed: Sequence[str], unanswered: int
) -> Count:
    """Compare what came to the inbox, and what its links bring, with what is on record."""
    letters: dict[str, list[Letter]] = {order: [] for order, _ in orders}
    for letter in pressroom.stack.inbox.letters():
        if letter.headers.get("X-Pressroom-Mail") == "completion":
            letters.setdefault(letter.headers["X-Pressroom-Order"], []).append(letter)
    ids = {order: {one.headers["Message-ID"] for one in letters[order]} for order, _ in orders}
    repeats = sum(len(letters[order]) - len(ids[order]) for order, _ in orders)
    in_the_air = _LETTERS * killed.count(MAIL_QUEUE)
    return Count(
        bundles=len(orders),
        kills=len(killed),
        unanswered=unanswered,
        repeats=repeats,
        needless=max(0, repeats - unanswered - in_the_air),
        undelivered=pressroom.db.orders.count_documents({"delivered_at": None}),
        without_letter=sum(not letters[order] for order, _ in orders),
        doubled=sum(len(ids[order]) > 1 for order, _ in orders),
        misdirected=sum(one.recipients != [email] for order, email in orders for one in letters[order]),
        wrong_files=sum(not brings_its_files(pressroom, order, letters[order]) for order, _ in orders),
    )


def brings_its_files(pressroom: Pressroom, order: str, letters: Sequence[Letter]) -> bool:
    """Whether an order's letter links to the three PDFs that are on record, byte for byte."""
    links = _LINK.findall(letters[0].text) if letters else []
    files = [plain_http.get(link, follow_redirects=True, timeout=60).content for link in links]
    recorded = {report["pdf"]["sha256"] for report in pressroom.db.reports.find({"order": order})}
    return len(recorded) == 3 and {hashlib.sha256(file).hexdigest() for file in files} == recorded


def start_all(pressroom: Pressroom, *, full: bool) -> None:
    """Start web, sweep and a worker for every queue that is needed."""
    queues = [part.name for part in trio.PRODUCTS] + [MAIL_QUEUE] + [*(OFFERS["bundle"].reports if full else ())]
    commands = [("web",), ("sweep",), *(("worker", queue) for queue in queues)]
    for part in [pressroom.start(*command, wait=False) for command in commands]:
        part.wait_ready()


def main() -> int:
    """Make all of them, and say what became of them."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--bundles", type=int, default=500)
    asked.add_argument("--full", type=int, default=3)
    asked.add_argument("--seed", type=int, default=1)
    wanted = asked.parse_args()
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder)) as stack,
        Gate(stack.env["AWS_ENDPOINT_URL_S3"]) as gate,
        Pressroom(stack, WITH_TEST_PRODUCTS, AWS_ENDPOINT_URL_S3=gate.url) as pressroom,
    ):
        start_all(pressroom, full=wanted.full > 0)
        killed = ("high", MAIL_QUEUE, "low", "middle", MAIL_QUEUE, "high")
        count = endure(pressroom, gate, bundles=wanted.bundles, full=wanted.full, killed=killed, seed=wanted.seed)
    console = Console()
    console.print(f"seed {wanted.seed}, in {time.monotonic() - began:.0f} s:")
    for name, value in count._asdict().items():
        console.print(f"  {name.replace('_', ' ')} {value}")
    return 1 if count.harm else 0


if __name__ == "__main__":
    sys.exit(main())
