"""The protocol on small plans: every order of moves, and every place for a fault."""

import pytest

from tests.model.engine import Engine
from tests.model.explore import explore
from tests.model.plans import QUICK, Case
from tests.model.rules import Plan, State

_BY_NAME = {case.name: case for case in QUICK}


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_no_order_of_moves_does_harm(case: Case) -> None:
    """No step is bought twice without an excuse, no bound is broken, nothing begins early, nothing is stuck."""
    found = explore(Engine(case.plan), case.luck)
    assert found.is_whole
    assert found.wrong == {}


def _fence_for_anyone(plan: Plan, state: State, name: str) -> State:
    """Renew whatever claim there is."""
    del plan
    step = state.step(name)
    return state.having(name, state="claimed", epoch=step.epoch + 1)


def test_a_fence_that_lets_everyone_pass_is_noticed() -> None:
    """A frozen worker that lost its claim buys the step a second time."""
    case = _BY_NAME["two steps, a freeze, a lost message"]
    assert explore(Engine(case.plan, fence=_fence_for_anyone), case.luck).wrong


def _complete_as_advanced(plan: Plan, state: State, name: str) -> State:
    """Complete a step, and say at once that it was advanced."""
    del plan
    return state.having(name, state="done", advanced=True)


def test_a_completion_that_leaves_no_mark_is_noticed() -> None:
    """A worker that dies after it leaves the next step waiting for ever."""
    case = _BY_NAME["a chain, a crash and a freeze"]
    wrong = explore(Engine(case.plan, complete=_complete_as_advanced), case.luck).wrong
    assert "nothing leads to an end" in wrong
