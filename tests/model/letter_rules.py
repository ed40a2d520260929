"""Rules of letters: the ends of orders by docs/protocol.md, from a state to the next, or to the reason why not.

As with the rules of steps, a rule is one conditional update of one document. Where the update asks for what its
caller saw, the rule is given that.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.model.rules import allow

Runs = tuple[tuple[str, int], ...]

_LETTER, _REFUND, _REPLAY = "complete_order", "refund_order", "resume_replay"


class Facts(NamedTuple):
    """State of a payment, as far as letters follow from it."""

    stopped: bool = False
    on_hold: bool = False
    refund_failed: bool = False


class Order(NamedTuple):
    """An order, as far as rules look at it."""

    #: The run of each report, by its product.
    runs: Runs
    #: The products whose reports are stored, and whether these are all of them.
    stored: frozenset[str] = frozenset()
    complete: bool = False
    letter: str | None = None
    delivered: bool = False
    #: Those that are open, of the three that are named above.
    errands: frozenset[str] = frozenset()
    #: The runs that a replay or a correction has begun, or is about to. None once it is carried out.
    intent: Runs = ()
    #: For each correction, whether the reports had been delivered before.
    corrections: tuple[bool, ...] = ()
    #: The customer has withdrawn, and whether an operator has still to see to it.
    withdrawn: bool = False
    asks: bool = False
    #: Facts of the payment, and the version of which they are.
    version: int = 0
    facts: Facts = Facts()

    @property
    def was_delivered(self) -> bool:
        """Whether the reports were ever delivered, if only before a correction."""
        return self.delivered or any(self.corrections)

    @property
    def is_held_back(self) -> bool:
        """Whether no reports may be sent now."""
        return self.facts.stopped or self.facts.on_hold or self.asks


class Delivery(NamedTuple):
    """Delivery of a letter. It is `over` once nobody may be sending any more, so that another may."""

    state: str
    epoch: int
    over: bool = False


class State(NamedTuple):
    """An order, and the deliveries of its letters by their names."""

    order: Order
    letters: tuple[tuple[str, Delivery], ...] = ()

    def letter(self, name: str) -> Delivery:
        """Return the delivery of a letter."""
        return dict(self.letters).get(name, Delivery("", 0))

    def ordered(self, **facts: Any) -> "State":
        """Return the state in which the order has these facts."""
        return self._replace(order=self.order._replace(**facts))

    def having(self, name: str, delivery: Delivery) -> "State":
        """Return the state in which a letter has this delivery."""
        return self._replace(letters=tuple(sorted({**dict(self.letters), name: delivery}.items())))


Rule = Callable[..., State]


def add_stored(state: State, product: str, run: int) -> State:
    """T16."""
    order = state.order
    allow((product, run) in order.runs, "it is of another run")
    return state.ordered(stored=order.stored | {product})


def complete(state: State, product: str, run: int) -> State:
    """T16, for the last report of an order: the errand of its letter is part of the update."""
    order = state.order
    allow((product, run) in order.runs, "it is of another run")
    allow(order.stored == dict(order.runs).keys() and not order.complete, "a report is missing, or none was")
    return state.ordered(complete=True, errands=order.errands | {_LETTER})


def choose_completion(state: State) -> State:
    """T18."""
    order = state.order
    allow(order.letter is None, "a letter is chosen")
    allow(order.complete and _REPLAY not in order.errands, "a report is missing")
    allow(not order.is_held_back, "it is held back")
    return state.ordered(letter="completion")


def choose_refund(state: State, corrections: int | None) -> State:
    """T18r, at the word of an operator or of the settings, or after a refund on Stripe's own pages."""
    order = state.order
    allow(order.letter is None and corrections in {None, len(order.corrections)}, "it is not as it was seen")
    return state.ordered(letter="refund", errands=order.errands | {_REFUND})


def withdraw(state: State, corrections: int) -> State:
    """T18r, at the customer's word: no report may be made by then."""
    order = state.order
    allow(not order.withdrawn and not any(order.facts), "it is withdrawn from, or its money is somebody else's")
    allow(not order.delivered and not order.stored, "a report is made")
    return choose_refund(state, corrections).ordered(withdrawn=True, asks=False)


def ask_operator(state: State) -> State:
    """Withdraw from an order whose refund is an operator's to decide."""
    allow(not state.order.withdrawn and not state.order.facts.stopped, "it is withdrawn from or refunded")
    return state.ordered(withdrawn=True, asks=True)


def set_aside(state: State) -> State:
    """Let an order go on from which its customer had withdrawn."""
    allow(state.order.asks, "nobody asks")
    return state.ordered(asks=False)


def copy_payment(state: State, version: int, facts: Facts) -> State:
    """T2r."""
    allow(state.order.version < version, "a later version is there")
    return state.ordered(version=version, facts=facts)


def begin_replay(state: State, product: str, run: int, letters: Iterable[str | None]) -> State:
    """T17. `letters` are those that may be chosen by then."""
    order = state.order
    allow(order.letter in letters and _REPLAY not in order.errands, "a letter or another replay is in the way")
    return _begin(state, product, run).ordered(
        errands=order.errands - {_LETTER} | {_REPLAY}, intent=((product, run),)
    )


def correct(state: State) -> State:
    """T17c, until the first new run begins."""
    order = state.order
    allow(not order.facts.stopped and not order.facts.on_hold and _REPLAY not in order.errands, "it is held back")
    allow(order.letter is None or (order.letter == "completion" and order.delivered), "its letter is on the way")
    return state.ordered(
        letter=None,
        delivered=False,
        complete=False,
        corrections=(*order.corrections, order.delivered),
        intent=tuple((product, run + 1) for product, run in order.runs),
        errands=order.errands - {_LETTER} | {_REPLAY},
    )


def begin_remake(state: State, product: str, run: int) -> State:
    """T17 of one report, for T17c."""
    order = state.order
    allow((product, run) in order.intent, "no correction asks for it")
    return _begin(state, product, run).ordered(errands=order.errands - {_LETTER})


def _begin(state: State, product: str, run: int) -> State:
    order = state.order
    allow((product, run - 1) in order.runs, "another run is under way")
    runs = tuple(sorted({**dict(order.runs), product: run}.items()))
    return state.ordered(runs=runs, complete=False, stored=order.stored - {product})


def end_intent(state: State, intent: Runs) -> State:
    """T17 and T17c: all steps are reset."""
    allow(state.order.intent == intent, "it is not as it was seen")
    return state.ordered(intent=(), errands=state.order.errands - {_REPLAY})


def deliver(state: State, corrections: int) -> State:
    """Record that the letter with the reports was taken, by the update that ends its errand."""
    order = state.order
    allow(order.letter == "completion" and not order.delivered, "no letter is on its way")
    allow(len(order.corrections) == corrections, "it is not as it was seen")
    return state.ordered(delivered=True, errands=order.errands - {_LETTER})


def end_errand(state: State, errand: str, is_dead: bool) -> State:
    """End an errand that has nothing left to do, or is an operator's. Later work makes it another one."""
    order, letter = state.order, state.order.letter
    over = {
        _LETTER: order.delivered or letter == "refund",
        _REFUND: letter != "refund" or order.facts.refund_failed or state.letter("refund").state == "sent",
        _REPLAY: False,
    }
    allow(errand in order.errands and (over[errand] or is_dead), "it has something left to do")
    return state.ordered(errands=order.errands - {errand})


def ask(state: State, errand: str) -> State:
    """Add an errand that may have something to do: an order has failed, or an operator replays a dead letter."""
    return state.ordered(errands=state.order.errands | {errand})


def revive(state: State) -> State:
    """Let refused letters be tried again, at an operator's word."""
    for name, letter in state.letters:
        if letter.state == "refused":
            state = state.having(name, letter._replace(state="waiting"))
    return state


def claim(state: State, name: str) -> State:
    """T19."""
    allow(not state.letter(name).state, "it is there")
    return state.having(name, Delivery("claimed", 1))


def start_sending(state: State, name: str, epoch: int) -> State:
    """T20."""
    allow(state.letter(name)[:2] == ("claimed", epoch), "another has it")
    return state.having(name, Delivery("sending", epoch + 1))


def look(state: State, name: str, late: bool) -> State:
    """Look at both clocks, the last time before the final dot."""
    del name
    allow(not late, "the time is over")
    return state


def mark_sent(state: State, name: str) -> State:
    """T21, whoever has it by now."""
    return state.having(name, state.letter(name)._replace(state="sent", over=False))


def postpone(state: State, name: str, epoch: int) -> State:
    """Let a letter wait that the server does not take now."""
    allow(state.letter(name)[:2] == ("sending", epoch), "another has it")
    return state.having(name, Delivery("waiting", epoch))


def refuse(state: State, name: str, epoch: int) -> State:
    """Note that the server will never take a letter."""
    allow(state.letter(name)[:2] == ("sending", epoch), "another has it")
    return state.having(name, Delivery("refused", epoch))


def pass_time(state: State, name: str) -> State:
    """Let the time run out for which a letter is its sender's, or waits."""
    return state.having(name, state.letter(name)._replace(over=True))


def retake(state: State, name: str, epoch: int) -> State:
    """T22."""
    letter = state.letter(name)
    allow(letter.state in {"claimed", "sending", "waiting"} and letter.epoch == epoch, "it is not as it was seen")
    allow(letter.over, "its time is not over")
    return state.having(name, Delivery("claimed", epoch + 1))
