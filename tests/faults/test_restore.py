"""Everything is lost but a dump of MongoDB, which is restored beside an empty Redis and an empty bucket."""

from collections import Counter
from typing import Any

from tests.faults.test_lost_books import click, link_of, lose, objects, until_printed
from tests.infra.local.stripe_client import connect, open_session
from tests.pressroom import ANSWERS, Pressroom


def sections_written(pressroom: Pressroom, order: str) -> set[str]:
    """Return the sections of an order whose texts MongoDB has."""
    done = pressroom.db.steps.find({"order": order, "kind": "write", "state": "done"})
    return {step["section"] for step in done}


def test_a_dump_of_mongodb_is_all_that_a_restore_needs(pressroom: Pressroom) -> None:
    """An order under way is finished, no section of the dump is bought again, and a delivered one's link works."""
    delivered = pressroom.buy()
    pressroom.until_delivered(delivered)
    link, book = link_of(pressroom, delivered), pressroom.book(delivered)
    pressroom.stack.llm.set_latency(1.0)
    under_way = pressroom.buy()
    pressroom.until("a section", lambda: sections_written(pressroom, under_way))
    _kill_all(pressroom)
    dump = _dump(pressroom)
    written = sections_written(pressroom, under_way)
    assert pressroom.db.orders.find_one({"_id": under_way, "delivered_at": None})
    _lose_everything(pressroom, delivered, under_way)
    _restore(pressroom, dump)
    pressroom.start_missing()
    assert pressroom.until_delivered(under_way)["state"] == "delivered"
    calls = Counter(request.section for request in pressroom.stack.llm.requests(order=under_way))
    assert {section for section, number in calls.items() if number > 1}.isdisjoint(written)
    assert click(link).status_code == 503
    assert until_printed(pressroom, link) == book
    assert [len(pressroom.letters(order)) for order in (delivered, under_way)] == [1, 1]


def test_what_is_newer_than_the_dump_is_found_at_stripe(pressroom: Pressroom) -> None:
    """By the runbook's commands an order is made and mailed again; if its answers are lost, they are asked for."""
    older = _paid_at_the_till(pressroom)
    pressroom.until_delivered(older)
    dump = _dump(pressroom)
    newer, asked = _paid_by_a_link(pressroom), _paid_at_the_till(pressroom)
    for order in (newer, asked):
        pressroom.until_delivered(order)
    _kill_all(pressroom)
    _lose_everything(pressroom, older, newer, asked)
    _restore(pressroom, dump)
    pressroom.start_missing()
    pressroom.cli("reconcile", "--since", "30d")
    pressroom.until_delivered(newer)
    first, again = pressroom.letters(newer)
    assert first.headers["Message-ID"] == again.headers["Message-ID"]
    pressroom.until("a question", lambda: _kinds(pressroom, asked) == ["completion", "details"])
    assert until_printed(pressroom, link_of(pressroom, older)).startswith(b"%PDF")
    assert _kinds(pressroom, older) == ["completion"]
    pressroom.cli("audit", "--since", "30d")


def _paid_at_the_till(pressroom: Pressroom) -> str:
    """Buy through the shop, which keeps the answers in MongoDB; return the order."""
    session = pressroom.checkout({"product": "life_clarity", **ANSWERS})
    pressroom.stack.stripe.pay(session, pressroom.email)
    return session


def _paid_by_a_link(pressroom: Pressroom) -> str:
    """Buy by a session of another's making, with whose answers Stripe is trusted; return the order."""
    session = open_session(connect(pressroom.stack), metadata={"product": "life_clarity", **ANSWERS})
    pressroom.stack.stripe.pay(session.id, pressroom.email)
    return session.id


def _kinds(pressroom: Pressroom, order: str) -> list[str]:
    return [letter.headers["X-Pressroom-Mail"] for letter in pressroom.letters(order)]


def _dump(pressroom: Pressroom) -> dict[str, list[Any]]:
    return {name: [*pressroom.db[name].find()] for name in pressroom.db.list_collection_names()}


def _restore(pressroom: Pressroom, dump: dict[str, list[Any]]) -> None:
    for name, documents in dump.items():
        if documents:
            pressroom.db[name].insert_many(documents)


def _kill_all(pressroom: Pressroom) -> None:
    for part in pressroom.parts:
        part.kill()


def _lose_everything(pressroom: Pressroom, *orders: str) -> None:
    for name in pressroom.db.list_collection_names():
        pressroom.db[name].drop()
    pressroom.redis.flushdb()
    for order in orders:
        lose(pressroom, *objects(pressroom, order))
        assert objects(pressroom, order) == []
