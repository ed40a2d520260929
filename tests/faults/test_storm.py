"""The storm of deliveries in its short form; `make storm` runs the long one."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from tests.actors.stories import STORIES, purchase
from tests.faults.storm import Door, repeated, storm, told, twins, two_doors
from tests.pressroom import Pressroom


@pytest.fixture(scope="module")
def front(stack: Stack) -> Iterator[Pressroom]:
    """Web processes and nothing else, so that what is queued stays where it can be counted."""
    with Pressroom(stack) as running:
        yield running


@pytest.fixture(scope="module")
def doors(front: Pressroom) -> list[Door]:
    """Two web processes."""
    return two_doors(front)


@pytest.fixture
def pressroom(front: Pressroom) -> Pressroom:
    """An empty database."""
    front.forget()
    return front


@pytest.fixture
def swept(pressroom: Pressroom) -> Iterator[Pressroom]:
    """An empty database, and a sweep."""
    sweep = pressroom.start("sweep")
    yield pressroom
    sweep.terminate()


@pytest.mark.short
def test_deliveries_at_the_same_moment_never_double_an_order(pressroom: Pressroom, doors: list[Door]) -> None:
    """Fifty sessions whose event reaches two processes at once, eight times over: each report is queued once."""
    assert twins(pressroom, doors, sessions=50, rounds=8) == 0


@pytest.mark.short
def test_stories_told_in_any_order_end_where_they_must(pressroom: Pressroom, doors: list[Door]) -> None:
    """Refunds, disputes and late payments end as if told in order, shuffled and repeated to two processes."""
    purchases = {purchase(): story for _ in range(5) for story in STORIES.values()}
    said = [[one.said(word) for word in words] for one, (words, _) in purchases.items()]
    rng = random.Random(5)
    assert told(pressroom, doors, [event.raw for each in said for event in repeated(each, 3, rng)]) == {200}
    count = sum(map(len, said))
    applied = {"state": "applied"}
    pressroom.until("marks", lambda: pressroom.db.events.count_documents(applied) == count)
    assert pressroom.db.events.count_documents({}) == count
    orders = pressroom.json("orders", "list", "--limit", "1000")
    ends = {order["order_id"]: (order["state"], order["amount_refunded"], order["on_hold"]) for order in orders}
    assert ends == {one.session: end[:3] for one, (_, end) in purchases.items()}
    reports = Counter(report["order"] for report in pressroom.db.reports.find())
    # What was given back may have been begun before that was known.
    kept = {one.session: end[3] for one, (_, end) in purchases.items() if end[0] != "refunded"}
    assert {session: reports[session] for session in kept} == kept


def test_a_storm_with_both_servers_away_loses_and_doubles_nothing(swept: Pressroom, doors: list[Door]) -> None:
    """Shuffled and repeated deliveries, MongoDB and Redis killed midway: one order a session, one report."""
    servers = [swept.stack.part(name) for name in ("mongodb", "redis")]
    count = storm(swept, doors, (servers, ()), sessions=80, most=10, away_s=2, seed=7)
    assert count.refused > 0
    assert (count.cut, count.harm) == (0, 0), count


def test_a_storm_that_kills_web_processes_loses_and_doubles_nothing(swept: Pressroom, doors: list[Door]) -> None:
    """Two processes, each killed three times over its work: what had no 200 comes again, and all is there once."""
    killed = [[door.web] * 3 for door in doors]
    count = storm(swept, doors, killed, sessions=120, most=2, away_s=0, seed=11)
    assert count.cut >= 6
    assert count.harm == 0, count
