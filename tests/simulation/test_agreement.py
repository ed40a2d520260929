"""Code and model: what a run wrote is what the rules allow. Other rules would be noticed."""

import pytest

from tests.model import rules
from tests.model.rules import Plan, State
from tests.simulation.agreement import MOVES, disagreements
from tests.simulation.database import Store
from tests.simulation.run import run
from tests.simulation.script import Script


def _fence_without_epoch(plan: Plan, state: State, name: str) -> State:
    """Renew a claim, and leave its epoch as it was."""
    del plan, name
    return state


def _claim_of_the_ready(plan: Plan, state: State, name: str) -> State:
    """Claim only what is ready, which no worker does."""
    del plan
    if state.step(name).state != "ready":
        raise rules.RuleForbids("it is not ready")
    return state.having(name, state="claimed")


@pytest.mark.short
def test_the_model_allows_what_the_code_does_and_no_other_model_would(store: Store) -> None:
    """A rule with another condition, or to another state, is noticed in the first calm run."""
    found = run(Script(0, ()), store)
    assert found.wrong == []
    writes = found.observer.writes
    assert disagreements(writes) == []
    other_state = disagreements(writes, {**MOVES, ("claimed", "claimed"): _fence_without_epoch})
    other_condition = disagreements(writes, {**MOVES, ("queued", "claimed"): _claim_of_the_ready})
    assert "differs" in other_state[0]
    assert "is not allowed" in other_condition[0]
