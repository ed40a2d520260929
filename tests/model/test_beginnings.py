"""Rules of beginnings that lack something: what each is there for happens, and is found."""

from collections.abc import Hashable

import pytest

from tests.model import beginning_rules as rules
from tests.model.beginning_rules import Facts, Order, Plans, Report, State
from tests.model.beginnings import ONE_STEP, Beginnings
from tests.model.explore import explore

_STUCK = "nothing leads to an end"


def _record_nothing(plans: Plans, state: State, event: str) -> State:
    del plans, event
    return state


def _place_anew(plans: Plans, state: State, paid: bool) -> State:
    del plans
    return state._replace(order=Order(paid))


def _open_anew(plans: Plans, state: State, name: str, facts: Facts, waits: bool) -> State:
    there = Report("", steps=state.report(name).steps)
    return rules.open_report(plans, state.having(name, **there._asdict()), name, facts, waits)


def _take_a_place_anyway(plans: Plans, state: State, name: str, limit: int) -> State:
    return rules.take_place(plans, state, name, limit + 1)


def _pin_anew(plans: Plans, state: State, name: str, plan: str) -> State:
    return rules.pin(plans, state.having(name, plan=None), name, plan)


def _stop_nothing(plans: Plans, state: State, name: str, facts: Facts) -> State:
    del plans, name, facts
    return state


def _set_nothing_going(plans: Plans, state: State, name: str, check: Hashable) -> State:
    return rules.put_off(plans, state, name, state.report(name).check if check == rules.SOON else check)


def _park_anyway(plans: Plans, state: State, name: str, check: Hashable) -> State:
    del check
    return rules.park(plans, state, name, state.report(name).check)


def _put_off_for_good(plans: Plans, state: State, name: str, check: Hashable) -> State:
    return rules.put_off(plans, state, name, check if check == rules.SOON else None)


#: Each condition is left out of a rule, or an update is, with the harm to which the order comes.
_LEFT_OUT: dict[str, tuple[Beginnings, str]] = {
    "an event is answered before it is on record": (
        Beginnings("a", "paid", record=_record_nothing),
        "paid is answered, and lost",
    ),
    "a later event places the order anew": (Beginnings("a", "completed", "paid", place=_place_anew), _STUCK),
    "a report is opened anew": (
        Beginnings("a", "paid", "crash", open_report=_open_anew),
        "a has steps of another plan",
    ),
    "a place is taken beyond the limit": (
        Beginnings("ab", "paid", limit=1, take_place=_take_a_place_anyway),
        "more reports are in progress",
    ),
    "a plan is pinned over another": (Beginnings("a", "paid", pin=_pin_anew), "a has steps of another plan"),
    "reports are not told of a refund": (
        Beginnings("a", "paid", "given back", stop=_stop_nothing),
        "its order is refunded",
    ),
    "what was parked stays so": (
        Beginnings("a", "paid", "given back", "bounced", plans=ONE_STEP, put_off=_set_nothing_going),
        _STUCK,
    ),
    "what was set going meanwhile is parked": (
        Beginnings("a", "paid", "given back", "bounced", plans=ONE_STEP, park=_park_anyway),
        _STUCK,
    ),
    "what is put off is parked before the second look": (
        Beginnings("a", "paid", "given back", "bounced", "crash", plans=ONE_STEP, put_off=_put_off_for_good),
        _STUCK,
    ),
}


@pytest.mark.parametrize(("model", "harm"), _LEFT_OUT.values(), ids=_LEFT_OUT)
def test_a_rule_that_lacks_something_is_noticed(model: Beginnings, harm: str) -> None:
    """Each of these is needed: without it the order comes to that harm."""
    assert harm in " ".join(explore(model, until_wrong=True).wrong)
