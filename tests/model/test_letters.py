"""Rules of letters that lack something: what each is there for happens, and is found."""

import pytest

from tests.model import letter_rules as rules
from tests.model.explore import explore
from tests.model.letter_rules import Delivery, Facts, State
from tests.model.letters import Letters
from tests.model.rules import allow

_STUCK = "nothing leads to an end"
_TWICE = "the completion mail comes twice"
_BOTH = "reports and all of the money are given"


def _send_whoever_has_it(state: State, name: str, epoch: int) -> State:
    del epoch
    letter = state.letter(name)
    allow(letter.state in {"claimed", "sending"}, "nobody has it")
    return state.having(name, Delivery("sending", letter.epoch + 1))


def _end_however_late(state: State, name: str, late: bool) -> State:
    del name, late
    return state


def _retake_from_who_seems_dead(state: State, name: str, epoch: int) -> State:
    return rules.retake(rules.pass_time(state, name), name, epoch)


def _retake_as_new(state: State, name: str, epoch: int) -> State:
    return rules.retake(state, name, epoch).having(name, Delivery("claimed", 1))


def _complete_without_errand(state: State, product: str, run: int) -> State:
    return rules.complete(state, product, run).ordered(errands=state.order.errands)


def _choose_completion_anyway(state: State) -> State:
    return state.ordered(letter="completion") if state.order.complete else rules.choose_completion(state)


def _choose_completion_in_a_replay(state: State) -> State:
    return rules.choose_completion(state.ordered(errands=frozenset())).ordered(errands=state.order.errands)


def _choose_completion_in_a_dispute(state: State) -> State:
    return rules.choose_completion(state.ordered(facts=Facts())).ordered(facts=state.order.facts)


def _choose_refund_anyway(state: State, corrections: int | None) -> State:
    return rules.choose_refund(state.ordered(letter=None), corrections)


def _choose_refund_without_errand(state: State, corrections: int | None) -> State:
    return rules.choose_refund(state, corrections).ordered(errands=state.order.errands)


def _choose_refund_of_a_remake(state: State, corrections: int | None) -> State:
    del corrections
    return rules.choose_refund(state, None)


def _withdraw_from_a_remake(state: State, corrections: int) -> State:
    del corrections
    return rules.withdraw(state, len(state.order.corrections))


def _deliver_a_remake(state: State, corrections: int) -> State:
    del corrections
    return rules.deliver(state, len(state.order.corrections))


def _copy_an_older_payment(state: State, version: int, facts: Facts) -> State:
    return state.ordered(version=version, facts=facts)


def _end_errand_with_work_left(state: State, errand: str, is_dead: bool) -> State:
    del is_dead
    return rules.end_errand(state, errand, True)


#: Each condition, mark and look is left out of a rule, with the harm to which its order comes.
_LEFT_OUT: dict[str, tuple[Letters, str]] = {
    "a last look that lets everyone pass": (Letters("a", "freeze", start_sending=_send_whoever_has_it), _TWICE),
    "no look at the clocks": (Letters("a", "freeze", look=_end_however_late), _TWICE),
    "a letter is taken from whoever seems dead": (Letters("a", retake=_retake_from_who_seems_dead), _TWICE),
    "a letter that is taken over begins anew": (
        Letters("a", "crash", retake=_retake_as_new),
        "an epoch goes back",
    ),
    "all is stored, and nobody is asked to say so": (Letters("a", complete=_complete_without_errand), _STUCK),
    "completion is chosen whatever is chosen": (
        Letters("a", "refund", choose_completion=_choose_completion_anyway),
        "another letter is chosen",
    ),
    "completion is chosen while reports are made again": (
        Letters("a", "correction", choose_completion=_choose_completion_in_a_replay),
        "still to be written",
    ),
    "completion is chosen in a dispute": (
        Letters("a", "disputed", "won", choose_completion=_choose_completion_in_a_dispute),
        "that is held back",
    ),
    "the refund is chosen whatever is chosen": (
        Letters("a", "refund", choose_refund=_choose_refund_anyway),
        "another letter is chosen",
    ),
    "the refund is chosen, and nobody is asked for it": (
        Letters("a", "refund", choose_refund=_choose_refund_without_errand),
        _STUCK,
    ),
    "the refund is chosen of what was delivered since": (
        Letters("a", "correction", "refund", choose_refund=_choose_refund_of_a_remake),
        _BOTH,
    ),
    "who has the reports withdraws": (
        Letters("a", "correction", "withdrawal", withdraw=_withdraw_from_a_remake),
        _BOTH,
    ),
    "an old letter ends a new one": (Letters("a", "correction", "crash", deliver=_deliver_a_remake), _STUCK),
    "an older payment is copied over a newer one": (
        Letters("a", "given back", "bounced", copy_payment=_copy_an_older_payment),
        _STUCK,
    ),
    "an errand ends that has work left": (
        Letters("a", "correction", "loss", end_errand=_end_errand_with_work_left),
        _STUCK,
    ),
}


@pytest.mark.parametrize(("model", "harm"), _LEFT_OUT.values(), ids=_LEFT_OUT)
def test_a_rule_that_lacks_something_is_noticed(model: Letters, harm: str) -> None:
    """Each condition, mark and look of these is needed: without it the order comes to that harm."""
    assert harm in " ".join(explore(model, until_wrong=True).wrong)
