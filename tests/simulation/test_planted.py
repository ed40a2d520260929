"""The judge is judged: a bug that the protocol is there to prevent is found by a seed of the suite."""

import pytest

from tests.simulation.database import Store, Twist
from tests.simulation.planted import PLANTED, early_ready, seed_that_finds
from tests.simulation.run import Run, run
from tests.simulation.script import Fault, Script
from tests.simulation.shrinking import shrunk
from tests.simulation.words import words_for


@pytest.mark.short
@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.__name__)
def test_a_planted_bug_is_found(bug: Twist, store: Store) -> None:
    """The seed that finds it today, or any other of the suite, ends with something wrong."""
    assert seed_that_finds(bug, store) is not None


def test_a_failure_is_told_as_shortly_as_it_can_be(store: Store) -> None:
    """Faults that a bug does not need are left out of the trace, which ends with what is wrong."""

    def again(script: Script) -> Run:
        return run(script, store, early_ready)

    faults = (Fault(5, "twice", 2.0), Fault(60, "crash", 2.0))
    found = shrunk(again(Script(0, faults)), again)
    assert found.script.faults == ()
    assert found.script.calm_from is not None
    assert words_for(found)[-1].startswith("WRONG: ")
