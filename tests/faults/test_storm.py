"""The storm of deliveries in its short form; `make storm` runs the long one."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from infra.local.stack import Stack
from tests.faults.storm import storm, twins, two_doors
from tests.pressroom import Pressroom


class Doors(NamedTuple):
    """A Pressroom with two web processes, and their ports."""

    pressroom: Pressroom
    ports: list[int]


@pytest.fixture(scope="module")
def doors(stack: Stack) -> Iterator[Doors]:
    """Two web processes and nothing else, so that what is queued stays where it can be counted."""
    with Pressroom(stack) as running:
        yield Doors(running, two_doors(running))


def test_deliveries_at_the_same_moment_never_double_an_order(doors: Doors) -> None:
    """Fifty sessions whose event reaches two processes at once, eight times over: each report is queued once."""
    assert twins(*doors, sessions=50, rounds=8) == 0


def test_a_storm_with_both_servers_away_loses_and_doubles_nothing(doors: Doors) -> None:
    """Shuffled and repeated deliveries, MongoDB and Redis killed midway: one order a session, one report."""
    doors.pressroom.forget()
    doors.pressroom.start("sweep")
    count = storm(*doors, sessions=80, most=10, away_s=2, seed=7)
    assert count.refused > 0
    assert count[2:] == (0, 0, 0, 0, 0)
