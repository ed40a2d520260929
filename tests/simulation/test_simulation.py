"""Seeds that are run with every suite: orders through crashes, freezes, losses and delays."""

from pathlib import Path

import pytest

from tests.simulation.database import Store
from tests.simulation.run import Run, run
from tests.simulation.script import script_of
from tests.simulation.shrinking import shrunk
from tests.simulation.words import words_for

_SEEDS, _IN_A_TEST = 200, 10
#: The first of them are run by `make test` as well.
_FIRSTS = [pytest.param(0, marks=pytest.mark.short), *range(_IN_A_TEST, _SEEDS, _IN_A_TEST)]
_CORPUS = Path(__file__).parent / "corpus.txt"


def once_failed() -> list[int]:
    """Return the seeds that once failed."""
    lines = _CORPUS.read_text(encoding="utf-8").splitlines()
    return [int(line.partition(" ")[0]) for line in lines if line and not line.startswith("#")]


def expect_nothing_wrong(seed: int, store: Store) -> Run:
    """Run a seed. If it fails, show the shortest trace that fails as well."""
    found = run(script_of(seed), store)
    if found.wrong:
        pytest.fail("\n".join(words_for(shrunk(found, lambda script: run(script, store)))))
    return found


@pytest.mark.parametrize("first", _FIRSTS)
def test_orders_end_well_whatever_happens(first: int, store: Store) -> None:
    """Each order ends delivered, refunded or an operator's: one letter, nothing bought twice, no bound broken."""
    for seed in range(first, first + _IN_A_TEST):
        expect_nothing_wrong(seed, store)


@pytest.mark.short
def test_seeds_that_once_failed_do_not_fail_again(store: Store) -> None:
    """What was mended stays mended."""
    for seed in once_failed():
        expect_nothing_wrong(seed, store)


def test_a_seed_decides_everything(store: Store) -> None:
    """A seed that is run again takes the same turns to the same end, so that a failure can be looked at."""
    for seed in range(1000, 1008):
        first, second = (words_for(run(script_of(seed), store)) for _ in range(2))
        assert first == second
