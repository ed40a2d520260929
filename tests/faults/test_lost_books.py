"""S3 loses what it was given: it is printed again from its checkpoints, for nothing, and nobody is mailed."""

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx2

from tests import plain_http
from tests.faults.order import CALLS, check_delivered
from tests.pressroom import Pressroom, sha256


def link_of(pressroom: Pressroom, order: str) -> str:
    """Return the link that the completion mail brought."""
    (letter,) = pressroom.letters(order)
    link = re.search(r"https?://\S+/reports/life_clarity\.pdf", letter.text)
    assert link is not None
    return link[0]


def click(link: str) -> httpx2.Response:
    """Follow a link as a browser does."""
    return plain_http.get(link, follow_redirects=True, timeout=30)


def objects(pressroom: Pressroom, order: str) -> list[str]:
    """Return the keys of all that S3 has of an order."""
    found = pressroom.s3().list_objects_v2(Bucket=pressroom.stack.env["S3_BUCKET"], Prefix=f"orders/{order}/")
    return [one["Key"] for one in found.get("Contents", [])]


def lose(pressroom: Pressroom, *keys: str) -> None:
    """Take objects away."""
    for key in keys:
        pressroom.s3().delete_object(Bucket=pressroom.stack.env["S3_BUCKET"], Key=key)


def until_printed(pressroom: Pressroom, link: str) -> bytes:
    """Return the book that a link brings once it does."""
    return pressroom.until("printing", lambda: answer.content if (answer := click(link)).is_success else b"")


@contextmanager
def nothing_bought_or_said(pressroom: Pressroom, order: str) -> Iterator[None]:
    """Check that what happens meanwhile leaves calls, ledger, mails and the order's own state as they were."""
    facts = ("state", "llm", "mails", "dead", "attention")
    before, ledger = pressroom.order(order), list(pressroom.db.ledger.find({"order": order}))
    yield
    stored = {"order": order, "state": "stored"}
    pressroom.until("storing", lambda: pressroom.db.reports.count_documents(stored) == len(before["reports"]))
    after = pressroom.order(order)
    assert [after[fact] for fact in facts] == [before[fact] for fact in facts]
    assert [one["pdf"] for one in after["reports"]] == [one["pdf"] for one in before["reports"]]
    assert list(pressroom.db.ledger.find({"order": order})) == ledger
    assert len(pressroom.stack.llm.requests(order=order)) == CALLS
    assert len(pressroom.letters(order)) == 1


def test_a_store_that_forgot_everything_is_filled_again_at_the_next_click(pressroom: Pressroom) -> None:
    """While S3 hangs or is away a click says so; when it comes back empty, the same file is printed free."""
    order = pressroom.buy()
    check_delivered(pressroom, order, repaid=0)
    link, book = link_of(pressroom, order), pressroom.book(order)
    store = pressroom.stack.part("s3")
    os.kill(store.pid, signal.SIGSTOP)
    hangs = click(link)
    store.kill()
    away = click(link)
    store.start()
    lose(pressroom, *objects(pressroom, order))
    for answer in (hangs, away):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
        assert "seeing to it" in answer.text
    assert objects(pressroom, order) == []
    with nothing_bought_or_said(pressroom, order):
        asked = click(link)
        assert (asked.status_code, asked.headers["refresh"]) == (503, asked.headers["retry-after"])
        assert "printed again" in asked.text
        assert sha256(until_printed(pressroom, link)) == sha256(book)


def test_only_what_is_lost_is_made_again_however_many_ask(pressroom: Pressroom) -> None:
    """Of a report that lost its book and one chapter these two are made again, once, for four clicks at once."""
    order = pressroom.buy()
    check_delivered(pressroom, order, repaid=0)
    link, book = link_of(pressroom, order), pressroom.book(order)
    pdf = pressroom.db.reports.find_one({"order": order})["pdf"]  # type: ignore[index]
    lost, *kept = [key for key in objects(pressroom, order) if "/chunks/" in key]
    stored_at = {key: pressroom.s3().head_object(Bucket="pressroom", Key=key)["LastModified"] for key in kept}
    lose(pressroom, lost, pdf["object"], pdf["key"])
    with nothing_bought_or_said(pressroom, order), ThreadPoolExecutor() as browsers:
        assert [answer.status_code for answer in browsers.map(click, [link] * 4)] == [503] * 4
        assert until_printed(pressroom, link) == book
    again = pressroom.db.steps.find({"order": order, "run": {"$gt": 1}})
    assert sorted((step["kind"], step["run"]) for step in again) == [("assemble", 2), ("render", 2)]
    assert pressroom.stored(pdf["key"]) == book
    assert {
        key: pressroom.s3().head_object(Bucket="pressroom", Key=key)["LastModified"] for key in kept
    } == stored_at


def test_a_refunded_report_is_not_printed_again(pressroom: Pressroom) -> None:
    """Whoever has the money back finds nothing behind the link once S3 has lost it."""
    event = pressroom.event()
    order, intent = event["data"]["object"]["id"], event["data"]["object"]["payment_intent"]
    assert pressroom.send(event).status_code == 200
    check_delivered(pressroom, order, repaid=0)
    link = link_of(pressroom, order)
    charge = {"id": "ch_1", "payment_intent": intent, "amount": 1900, "amount_refunded": 1900, "refunded": True}
    refund = {**pressroom.event(), "type": "charge.refunded", "data": {"object": charge}}
    assert pressroom.send(refund).status_code == 200
    lose(pressroom, *objects(pressroom, order))
    assert click(link).status_code == 404
    assert pressroom.db.orders.find_one({"_id": order})["errands"] == {}  # type: ignore[index]
