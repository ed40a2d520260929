"""Rules of beginnings: T1 to T5 of docs/protocol.md, each from a state to the next, or to the reason why not.

As with the rules of steps, a rule is one conditional update of one document, or an insert of one.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

from tests.model.rules import Plan, Token, allow

Plans = Mapping[str, Plan]
#: The time at which the sweep asks for a message that nobody has put off.
SOON = "soon"


class Facts(NamedTuple):
    """Word of a payment, with its version, as its order and the order's reports have it."""

    version: int = 0
    stopped: bool = False


class Payment(NamedTuple):
    """Facts of Stripe's, as they are written down: the money is back, or it is not after all."""

    version: int = 0
    refunded: bool = False
    failed: bool = False

    @property
    def facts(self) -> Facts:
        """What follows from them."""
        return Facts(self.version, self.refunded and not self.failed)


class Order(NamedTuple):
    """An order, as far as rules look at it."""

    paid: bool
    facts: Facts = Facts()


class Report(NamedTuple):
    """A report, as far as rules look at it. Steps are keys, with the plans that they are of."""

    state: str
    facts: Facts = Facts()
    plan: str | None = None
    planned: bool = False
    #: When the sweep asks for its message, as whoever put it off wrote it down. None: it does not.
    check: Hashable = None
    slots: frozenset[Token] = frozenset()
    steps: frozenset[tuple[str, str]] = frozenset()


class State(NamedTuple):
    """Events on record, a payment, its order, reports by product, and those that have a place of their tenant."""

    events: frozenset[str] = frozenset()
    payment: Payment = Payment()
    order: Order | None = None
    reports: tuple[tuple[str, Report], ...] = ()
    places: frozenset[str] = frozenset()

    def report(self, name: str) -> Report:
        """Return a report, or one that is in no state if there is none."""
        return dict(self.reports).get(name, Report(""))

    def having(self, name: str, **facts: Any) -> "State":
        """Return the state in which a report has these facts."""
        changed = {**dict(self.reports), name: self.report(name)._replace(**facts)}
        return self._replace(reports=tuple(sorted(changed.items())))


Rule = Callable[..., State]


def first_of(plan: Plan) -> frozenset[Token]:
    """Return the tokens of the steps with which a plan begins: those that need no other, as many as have slots."""
    first: set[Token] = set()
    for slot, bound in plan.bounds.items():
        free = [name for name, needs in plan.needs.items() if not needs and plan.slot[name] == slot]
        first.update((name, 1) for name in free[:bound])
    return frozenset(first)


def record(plans: Plans, state: State, event: str) -> State:
    """T1."""
    del plans
    allow(event not in state.events, "it is there")
    return state._replace(events=state.events | {event})


def place(plans: Plans, state: State, paid: bool) -> State:
    """T2."""
    del plans
    allow(state.order is None, "it is there")
    return state._replace(order=Order(paid))


def pay(plans: Plans, state: State, paid: bool) -> State:
    """T2, of an order that is there."""
    del plans
    allow(paid, "it is no news")
    return state._replace(order=Order(paid, state.order.facts if state.order else Facts()))


def note(plans: Plans, state: State, fact: str) -> State:
    """T2r: the payment."""
    del plans
    return state._replace(payment=state.payment._replace(version=state.payment.version + 1, **{fact: True}))


def copy(plans: Plans, state: State, facts: Facts) -> State:
    """T2r: its order, if it is known."""
    del plans
    order = state.order or Order(paid=False, facts=facts)
    allow(order.facts.version < facts.version, "there is none, or it has a later version")
    return state._replace(order=order._replace(facts=facts))


def stop(plans: Plans, state: State, name: str, facts: Facts) -> State:
    """T2r: a report."""
    del plans
    report = state.report(name)
    allow(bool(report.state) and report.facts.version < facts.version, "a later version is there")
    return state.having(name, facts=facts)


def open_report(plans: Plans, state: State, name: str, facts: Facts, waits: bool, check: Hashable = SOON) -> State:
    """T3, with the facts that its order was seen with."""
    del plans
    allow(not state.report(name).state, "it is there")
    return state.having(name, state="waiting" if waits else "queued", facts=facts, check=check)


def take_place(plans: Plans, state: State, name: str, limit: int) -> State:
    """T4: the tenant."""
    del plans
    allow(len(state.places) < limit and name not in state.places, "no place is free, or it has one")
    return state._replace(places=state.places | {name})


def admit(plans: Plans, state: State, name: str, check: Hashable = SOON) -> State:
    """T4: the report."""
    del plans
    allow(state.report(name).state == "waiting", "it does not wait")
    return state.having(name, state="queued", check=check)


def leave_place(plans: Plans, state: State, name: str) -> State:
    """Give a place back."""
    del plans
    return state._replace(places=state.places - {name})


def pin(plans: Plans, state: State, name: str, plan: str) -> State:
    """T5."""
    del plans
    report = state.report(name)
    allow(report.state == "queued" and report.plan is None, "it has a plan, or is not queued")
    return state.having(name, plan=plan)


def first_state(plan: Plan, step: str) -> str:
    """Return the state in which a step is inserted."""
    if (step, 1) in first_of(plan):
        return "queued"
    return "waiting" if plan.needs[step] else "ready"


def insert(plans: Plans, state: State, name: str, step: str, plan: str, as_it_is: str) -> State:
    """T5: a step in some state, by the plan that its report was seen with."""
    report = state.report(name)
    allow(step in plans[plan].needs and step not in dict(report.steps), "it is there, or no plan has it")
    allow(as_it_is == first_state(plans[plan], step), "it begins in another state")
    return state.having(name, steps=report.steps | {(step, plan)})


def start(plans: Plans, state: State, name: str, plan: str) -> State:
    """T5 and T7: a report whose steps are there, the first ones with their slots."""
    report = state.report(name)
    allow((report.state, report.planned, report.plan) == ("queued", False, plan), "it is not as it was seen")
    allow(not report.facts.stopped, "it is stopped")
    return state.having(name, state="running", planned=True, slots=first_of(plans[plan]), check=None)


def put_off(plans: Plans, state: State, name: str, check: Hashable) -> State:
    """Have the sweep ask for the message of a report that is not begun, at once or later."""
    del plans
    allow(state.report(name).state in {"waiting", "queued"}, "it is begun")
    return state.having(name, check=check)


def park(plans: Plans, state: State, name: str, check: Hashable) -> State:
    """Leave a queued report of a refunded order where it is, if nobody has looked at it since it was put off."""
    del plans
    report = state.report(name)
    allow(report.state == "queued" and report.check == check, "somebody set it going")
    return state.having(name, check=None)
