"""`make bench-ops`: what operators wait for, a page or bulk work, in a history of a hundred thousand orders."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from pymongo.database import Database

from infra.local.stack import Stack
from infra.passwords import hash_password
from storage.database import Document
from tests.benchmarks.figures import publish
from tests.benchmarks.measured import Row, say
from tests.benchmarks.processor import own_s
from tests.benchmarks.shop_history import history, seed
from tests.handlers.ops.browser import PASSWORD, Browser
from tests.pressroom import Pressroom
from tests.storage.plans.verdicts import SMALL

#: With 500,000 steps and 400,000 events. Each broken order has an open dead letter and an alert.
ORDERS, BROKEN = 100_000, 10_000
#: Looks at a page, after some that are not counted: by then sums of money are made that nobody had asked for.
LOOKS, UNCOUNTED = 7, 3
#: Room for what the questions of one page leave behind.
_PROFILE_BYTES = 16 * 1024 * 1024


def pages(db: Database[Document]) -> dict[str, str]:
    """Return the pages by what they are."""
    *_, newest = history(ORDERS, BROKEN)
    order, named = db.orders.find_one({"_id": newest.id}), {"order": newest.id}
    letter, alert = db.dead_letters.find_one(named), db.alerts.find_one(named)
    assert order
    assert letter
    assert alert
    return {
        "overview": "/ops/",
        "orders": "/ops/orders",
        "order": f"/ops/orders/{order['_id']}",
        "quote for an order": f"/ops/orders/{order['_id']}/replay",
        "search by address": f"/ops/search?q={quote(order['email'])}",
        "search by name": "/ops/search?q=ada",
        "search by payment": f"/ops/search?q={order['payment_intent']}",
        "search by nothing known": "/ops/search?q=nobody",
        "status": "/ops/status",
        "causes of dead letters": "/ops/dead",
        "letters of a cause": f"/ops/dead?group={letter['group']}",
        "dead letter": f"/ops/dead/{quote(letter['_id'])}",
        "bulk work": "/ops/bulk",
        "money of 30 days": "/ops/money?days=30",
        "mails": "/ops/mail",
        "alerts": "/ops/alerts",
        "alert": f"/ops/alerts/{alert['_id']}",
        "pauses": "/ops/pauses",
    }


@contextmanager
def profiled(db: Database[Document]) -> Iterator[list[Document]]:
    """Have MongoDB note what is asked meanwhile. The list is filled at the end."""
    asked: list[Document] = []
    db.drop_collection("system.profile")
    db.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    db.command("profile", 2)
    yield asked
    db.command("profile", 0)
    asked += [one for one in db["system.profile"].find() if "planSummary" in one]


def scans(asked: list[Document]) -> list[str]:
    """Return the collections that questions read as a whole, but for those in which there is little."""
    read = {one["ns"].partition(".")[2] for one in asked if "COLLSCAN" in one["planSummary"]}
    return sorted(read - {*SMALL, "system.profile"})


def look(house: Pressroom, browser: Browser, name: str, path: str) -> Row:
    """Look at a page several times; return how long it took, what of the processor, and what was read for it."""

    def seen() -> float:
        began = time.perf_counter()
        answer = browser.get(path)
        assert answer.status_code in {200, 303}, f"{name}: {answer.status_code}"
        return 1000 * (time.perf_counter() - began)

    processes = {"web": house.part("web").pid, "MongoDB": house.stack.part("mongodb").pid}
    first, *_ = [seen() for _ in range(UNCOUNTED)]
    before = {one: own_s(pid) for one, pid in processes.items()}
    taken = [seen() for _ in range(LOOKS)]
    used = {f"CPU of {one}": 1000 * (own_s(pid) - before[one]) / LOOKS for one, pid in processes.items()}
    with profiled(house.db) as asked:
        size = len(browser.get(path).content)
    return {
        "page": name,
        "ms": statistics.median(taken),
        "best ms": min(taken),
        "first ms": first,
        **used,
        "kB": size / 1000,
        "questions": len(asked),
        "documents": sum(one.get("docsExamined", 0) for one in asked),
        "longest ms": max((one["millis"] for one in asked), default=0),
        "scans": ", ".join(scans(asked)),
    }


def begin_bulk(browser: Browser) -> list[Row]:
    """Quote a replay of every dead letter, and begin it. Returns how long either took."""
    fields = {"form_key": browser.form_key()}
    began = time.perf_counter()
    quoted = browser.post("/ops/bulk", **fields, action="replayed")
    assert quoted.status_code == 303, quoted.text
    path = quoted.headers["location"]
    seal = browser.quote(path)
    asked = time.perf_counter()
    begun = browser.post(path, **fields, action="begin", quote=seal, reason="The provider is back")
    ended = time.perf_counter()
    assert begun.status_code == 303, begun.text
    assert f"0 of {BROKEN} done" in browser.get(path).text
    return [
        {"page": f"quote for {BROKEN:,} dead letters", "ms": 1000 * (asked - began)},
        {"page": "the same begun, as quoted", "ms": 1000 * (ended - asked)},
    ]


def measure(house: Pressroom) -> tuple[list[Row], list[Row], dict[str, float]]:
    """Return what pages take, and bulk work, and how long the history took to write."""
    began = time.monotonic()
    say(f"writes {ORDERS:,} orders and what belongs to them")
    seed(house.db, ORDERS, BROKEN)
    seeded = time.monotonic()
    say("builds the indexes")
    house.cli("indexes")
    built = time.monotonic()
    house.start("web")
    browser = Browser(house.door)
    assert browser.sign_in("olga").status_code == 303
    looks = [look(house, browser, name, path) for name, path in pages(house.db).items()]
    return looks, begin_bulk(browser), {"ops_seed_s": seeded - began, "ops_build_s": built - seeded}


def main() -> int:
    """Measure, and publish; 1 if a question scans."""
    accounts = f"olga owner {hash_password(PASSWORD)}"
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "stack") as stack,
        Pressroom(stack, OPS_USERS=accounts) as house,
    ):
        rows, bulk, took = measure(house)
    scanning = [row for row in rows if row["scans"]]
    figures = {
        "slowest_page_ms": max(row["ms"] for row in rows),
        "slowest_first_look_ms": max(row["first ms"] for row in rows),
        "bulk_begun_s": sum(row["ms"] for row in bulk) / 1000,
        "ops_pages_that_scan": len(scanning),
        "ops_load": os.getloadavg()[0],
        **took,
    }
    empty = dict.fromkeys(rows[0], "")
    title = f"Pages with {ORDERS:,} orders, {BROKEN:,} of them broken: medians of {LOOKS} looks"
    publish("ops", title, [*rows, *(empty | row for row in bulk)], figures)
    return int(bool(scanning))


if __name__ == "__main__":
    sys.exit(main())
