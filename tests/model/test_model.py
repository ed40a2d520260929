"""The protocol on small cases: every order of moves, and every place for a fault."""

import pytest

from tests.model.cases import CHAIN, QUICK, TWO, Case
from tests.model.engine import Engine, Luck
from tests.model.explore import explore
from tests.model.rules import Plan, State


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_no_order_of_moves_does_harm(case: Case) -> None:
    """Nothing that must not be is reached, and from wherever faults may lead work leads to an end."""
    found = explore(case.model)
    assert found.is_whole
    assert found.wrong == {}


def _fence_for_anyone(plan: Plan, state: State, name: str) -> State:
    """Renew whatever claim there is."""
    del plan
    step = state.step(name)
    return state.having(name, state="claimed", epoch=step.epoch + 1)


def test_a_fence_that_lets_everyone_pass_is_noticed() -> None:
    """A frozen worker that lost its claim buys the step a second time."""
    assert explore(Engine(TWO, Luck(freezes=1, losses=1), fence=_fence_for_anyone)).wrong


def _complete_as_advanced(plan: Plan, state: State, name: str) -> State:
    """Complete a step, and say at once that it was advanced."""
    del plan
    return state.having(name, state="done", advanced=True)


def test_a_completion_that_leaves_no_mark_is_noticed() -> None:
    """A worker that dies after it leaves the next step waiting for ever."""
    wrong = explore(Engine(CHAIN, Luck(crashes=1, freezes=1), complete=_complete_as_advanced)).wrong
    assert "nothing leads to an end" in wrong
