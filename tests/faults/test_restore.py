"""Everything is lost but a dump of MongoDB, which is restored beside an empty Redis and an empty bucket."""

from collections import Counter

from tests.faults.test_lost_books import click, link_of, lose, objects, until_printed
from tests.pressroom import Pressroom


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
    for part in pressroom.parts:
        part.kill()
    dump = {name: [*pressroom.db[name].find()] for name in pressroom.db.list_collection_names()}
    written = sections_written(pressroom, under_way)
    assert pressroom.db.orders.find_one({"_id": under_way, "delivered_at": None})
    _lose_everything(pressroom, delivered, under_way)
    for name, documents in dump.items():
        if documents:
            pressroom.db[name].insert_many(documents)
    pressroom.start_missing()
    assert pressroom.until_delivered(under_way)["state"] == "delivered"
    calls = Counter(request.section for request in pressroom.stack.llm.requests(order=under_way))
    assert {section for section, number in calls.items() if number > 1}.isdisjoint(written)
    assert click(link).status_code == 503
    assert until_printed(pressroom, link) == book
    assert [len(pressroom.letters(order)) for order in (delivered, under_way)] == [1, 1]


def _lose_everything(pressroom: Pressroom, *orders: str) -> None:
    for name in pressroom.db.list_collection_names():
        pressroom.db[name].drop()
    pressroom.redis.flushdb()
    for order in orders:
        lose(pressroom, *objects(pressroom, order))
        assert objects(pressroom, order) == []
