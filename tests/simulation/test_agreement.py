"""Code and model: what a run wrote is what the rules allow. Other rules would be noticed."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.model.rules import Plan, RuleForbids, State
from tests.simulation import beginning_agreement, letter_agreement
from tests.simulation.agreement import MOVES, disagreements
from tests.simulation.database import Store
from tests.simulation.observer import Write
from tests.simulation.run import run
from tests.simulation.script import Fault, Script
from tests.simulation.stories import story_of

WritesOf = Callable[[int], list[Write]]

#: A run that nothing befalls.
_CALM = 0
#: Rules of letters that nothing but a letter needs, and those that what befalls an order needs.
_ALWAYS = ("add_stored", "complete", "choose_completion", "claim", "start_sending", "mark_sent", "deliver")
_NEEDED = {
    "asked back": ("choose_refund", "copy_payment", "end_errand"),
    "replayed": ("begin_replay", "end_intent"),
    "corrected": ("correct", "begin_remake"),
    "withdrawn": ("withdraw", "ask_operator", "set_aside"),
}
_OF_LETTERS = [
    *(pytest.param("nothing", rule, marks=pytest.mark.short) for rule in _ALWAYS),
    *((befalls, rule) for befalls, needed in _NEEDED.items() for rule in needed),
]
#: Seeds that are looked through for an order whom that befalls in time for a rule.
_SEEDS = 200


@pytest.fixture(scope="module")
def writes_of(store: Store) -> WritesOf:
    """Return the writes of a seed's run without faults, in which nothing is wrong. It is run once."""

    def found(seed: int) -> list[Write]:
        calm = run(Script(seed, ()), store)
        assert calm.wrong == []
        return calm.observer.writes

    return cache(found)


def _fence_without_epoch(plan: Plan, state: State, name: str) -> State:
    """Renew a claim, and leave its epoch as it was."""
    del plan, name
    return state


def _claim_of_the_ready(plan: Plan, state: State, name: str) -> State:
    """Claim only what is ready, which no worker does."""
    del plan
    if state.step(name).state != "ready":
        raise RuleForbids("it is not ready")
    return state.having(name, state="claimed")


@pytest.mark.short
def test_the_model_allows_what_the_code_does_and_no_other_model_would(writes_of: WritesOf) -> None:
    """A rule with another condition, or to another state, is noticed in the first calm run."""
    writes = writes_of(_CALM)
    assert disagreements(writes) == []
    other_state = disagreements(writes, {**MOVES, ("claimed", "claimed"): _fence_without_epoch})
    other_condition = disagreements(writes, {**MOVES, ("queued", "claimed"): _claim_of_the_ready})
    assert "differs" in other_state[0]
    assert "is not allowed" in other_condition[0]


def _forbid(*given: Any) -> Any:
    """Allow nothing."""
    raise RuleForbids(f"{given[-1]} is not right")


@pytest.mark.short
@pytest.mark.parametrize("rule", ["open_report", "pin", "insert", "start"])
def test_another_rule_of_beginnings_would_be_noticed(rule: str, writes_of: WritesOf) -> None:
    """A write that a rule does not allow is told, and one that it takes to another state than the code does."""
    writes = writes_of(_CALM)
    assert "is not allowed" in beginning_agreement.disagreements(writes, **{rule: _forbid})[0]
    assert "differs" in beginning_agreement.disagreements(writes, **{rule: lambda _, state, *__: state})[0]


@pytest.mark.parametrize(("befalls", "rule"), _OF_LETTERS)
def test_another_rule_of_letters_would_be_noticed(befalls: str, rule: str, writes_of: WritesOf) -> None:
    """A write that a rule does not allow is told, and one that it takes to another state than the code does."""
    seeds = (seed for seed in range(_SEEDS) if story_of(seed).befalls == befalls)
    forbidden = ((seed, letter_agreement.disagreements(writes_of(seed), **{rule: _forbid})) for seed in seeds)
    seed, wrong = next(found for found in forbidden if found[1])
    assert "is not allowed" in wrong[0]
    assert "differs" in letter_agreement.disagreements(writes_of(seed), **{rule: lambda state, *_: state})[0]


def test_who_takes_a_letter_over_before_its_time_would_be_noticed(store: Store) -> None:
    """Who takes a letter over whose sender died asks for its time, without which no rule allows it."""
    calm = run(Script(_CALM, ()), store)
    (sent,) = (line.turn for line in calm.trace if line.what == "mail.send")
    writes = run(Script(_CALM, (Fault(sent, "crash", 2.0),)), store).observer.writes
    assert "is not allowed" in letter_agreement.disagreements(writes, pass_time=lambda state, _: state)[0]
    assert "differs" in letter_agreement.disagreements(writes, retake=lambda state, *_: state)[0]
