"""A sample of the crash matrix, and the matrix on a program that is wrong; `make crashes` runs all of it."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from infra.local.stack import Stack
from tests.crashes.matrix import Cell, Played, bringing_to_light, crash, crash_all, lanes, record

SEED = 37
DRAWN = 4
BUG = "a completion that ignores its record"
#: A letter whose sender died is sent again after a minute: `make crashes` waits for it.
SLOW = ("mail ", "mongodb insert deliveries", "mongodb update deliveries")


class Sample(NamedTuple):
    """Crashes of the sound program, and one of that with a bug."""

    sound: list[Played]
    planted: Played


@pytest.fixture(scope="module")
def sample(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """All of them at once, since most of the time is spent in waiting."""
    with (
        lanes(stack, tmp_path_factory.mktemp("lanes"), ("", "", BUG)) as (*sound, planted),
        ThreadPoolExecutor(1) as beside,
    ):
        cells = record(sound[0], ["a report"])
        shown = beside.submit(crash, planted, bringing_to_light(BUG, cells))
        drawn = random.Random(SEED).sample([*filter(is_quick, cells)], DRAWN)
        yield Sample([*crash_all(sound, drawn)], shown.result())


def is_quick(cell: Cell) -> bool:
    """Whether what follows the crash takes seconds."""
    return not cell.edge.effect.startswith(SLOW)


def test_a_process_dies_and_nothing_is_lost_doubled_or_stuck(sample: Sample) -> None:
    """Whatever dies before or after a side effect, the order is delivered by one letter, and paid for once."""
    assert [f"{one.cell}: {one.wrongs}" for one in sample.sound if one.wrongs or not one.reached] == []


def test_the_matrix_finds_a_bug(sample: Sample) -> None:
    """A completion that does not look for its record sends a second letter after a crash, and is told of."""
    assert sample.planted.wrongs == ["1 letters came twice"]
