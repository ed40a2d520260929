"""Work of processes on the beginning of an order: events are taken, reports opened, and each begun.

An agent is a web process, a sweep, or a worker of some version, at one event or report. Each function yields its
next move: in words, with the world after it, and with what the agent is then.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.model import beginning_rules
from tests.model.beginning_rules import SOON, Facts, Plans, State, first_state
from tests.model.rules import RuleForbids

#: What events say: an order is placed, unpaid or paid; its money is back, or is not after all.
PLACES = {"completed": False, "paid": True}
NOTES = {"given back": "refunded", "bounced": "failed"}
#: How a word is told apart that need not come true.
FAULT = "fault: "
_OF_REPORTS = {"putting off", "looking again", "waking", "parking", "pinning", "telling", "inserting"}
#: Times to which reports are put off: each process has its own.
_MARKS = ("first", "second", "third")


class Agent(NamedTuple):
    """Process at work: where it is, with which event or report, and the facts and the plan that it has in mind."""

    at: str = "idle"
    name: str = ""
    facts: Facts = Facts()
    may_begin: bool = False
    plan: str = ""
    #: The last one that it opened, or the one that it admits.
    report: str = ""
    #: The time to which it puts a report off.
    mark: str = ""


class World(NamedTuple):
    """Everything: documents, processes, events that Stripe has sent, and those that are answered and applied."""

    state: State
    agents: tuple[Agent, ...]
    #: Events and faults to come.
    luck: tuple[str, ...]
    sent: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    applied: frozenset[str] = frozenset()

    def having(self, number: int, agent: Agent) -> "World":
        """Return the world with another agent in the place of one. They differ by what they do alone."""
        return self._replace(agents=tuple(sorted((*self.agents[:number], *self.agents[number + 1 :], agent))))

    def spending(self, what: str) -> "World":
        """Return the world in which that has befallen."""
        at = self.luck.index(what)
        return self._replace(luck=(*self.luck[:at], *self.luck[at + 1 :]))


Way = Iterator[tuple[str, World, Agent]]


class Work:
    """The moves of agents. Reports are of products, their tenant has a limit or none, and workers know plans."""

    def __init__(self, products: str, limit: int | None, plans: Plans, **other: beginning_rules.Rule) -> None:
        """Take all that, and rules in the place of the right ones."""
        self.products, self.limit, self.plans, self._rules = tuple(products), limit, plans, other

    def do(self, world: World, name: str, *given: Any) -> World | None:
        """Return the world after an update. None if its filter does not match."""
        rule: beginning_rules.Rule = self._rules.get(name) or getattr(beginning_rules, name)
        try:
            return world._replace(state=rule(self.plans, world.state, *given))
        except RuleForbids:
            return None

    def try_to(self, world: World, name: str, *given: Any) -> World:
        """Return the world after an update whose caller does not ask whether its filter matched."""
        return self.do(world, name, *given) or world

    def moves(self, world: World, agent: Agent) -> Way:
        """Yield the moves of an agent."""
        if agent.at == "idle":
            yield from self._begins_with_events(world)
            yield from self._begins_with_reports(world)
        elif agent.at in _OF_REPORTS:
            yield from self._begins_report(world, agent)
        elif agent.at in {"opening", "admitting"}:
            yield from self._opens(world, agent)
        else:
            yield from self._takes(world, agent)

    def _begins_with_events(self, world: World) -> Way:
        """Take an event that Stripe delivers until it is answered, or that the sweep finds on record."""
        for event in sorted(world.sent):
            is_left = event in world.state.events and event not in world.applied
            if event not in world.answered or is_left:
                yield f"takes {event}", world, Agent("recording", event)

    def _begins_with_reports(self, world: World) -> Way:
        """Take the message of a report, sent until that is begun or parked. Its order is read at that moment."""
        order = world.state.order
        for name, report in world.state.reports if order is not None else ():
            if report.state == "queued" and report.check is not None:
                after, fault = world, ""
            elif "late message" in world.luck:
                after, fault = world.spending("late message"), FAULT
            else:
                continue
            if order is not None and order.facts.stopped:
                mark = next(mark for mark in _MARKS if all(mark != agent.mark for agent in world.agents))
                yield f"{fault}finds {name} stopped", after, Agent("putting off", name, mark=mark)
            elif order is not None:
                for plan in sorted(self.plans):
                    yield (
                        f"{fault}is to begin {name}, {plan}",
                        after,
                        Agent("pinning", name, order.facts, plan=plan),
                    )

    def _takes(self, world: World, agent: Agent) -> Way:
        """Record an event (T1), add its fact (T2, T2r), and copy the payment to order and reports."""
        event = agent.name
        if agent.at == "recording":
            then = agent._replace(at="placing" if event in PLACES else "noting")
            yield f"records {event}", self.try_to(world, "record", event), then
        elif agent.at == "placing":
            placed = self.do(world, "place", PLACES[event]) or self.try_to(world, "pay", PLACES[event])
            yield f"places the order, {event}", placed, _having_read(placed, agent._replace(at="reading"))
        elif agent.at == "noting":
            yield f"notes {event}", self.try_to(world, "note", NOTES[event]), agent._replace(at="reading")
        elif agent.at == "reading":
            facts = world.state.payment.facts
            then = agent._replace(at="copying", facts=facts) if facts.version else agent._replace(at="opening")
            yield "reads the payment", world, then
        elif agent.at == "copying":
            copied = self.try_to(world, "copy", agent.facts)
            yield f"copies version {agent.facts.version}", copied, agent._replace(at="telling reports")
        elif agent.at == "telling reports":
            yield "tells the reports", self._told(world, agent.facts), agent._replace(at="reading the order")
        elif agent.at == "reading the order":
            yield "reads the order", world, _having_read(world, agent._replace(at="opening"))
        else:
            yield f"settles {event}", world._replace(applied=world.applied | {event}), Agent()

    def _told(self, world: World, facts: Facts) -> World:
        """Return the world in which all reports that are there were told of a payment."""
        for name, _ in world.state.reports:
            world = self.try_to(world, "stop", name, facts)
            world = world if facts.stopped else self.try_to(world, "put_off", name, SOON)
        return world

    def _opens(self, world: World, agent: Agent) -> Way:
        """Open the reports of an order that may begin (T3), give them their tenant's places (T4), and answer."""
        state = world.state
        if agent.at == "admitting":
            admitted = self.try_to(world, "admit", agent.report)
            yield f"admits {agent.report}", admitted, agent._replace(at="opening", report=self.products[-1])
            return
        for name in self.products if agent.may_begin else ():
            if name > agent.report:
                opened = self.try_to(world, "open_report", name, agent.facts, self.limit is not None)
                yield f"opens {name}", opened, agent._replace(report=name)
                return
        for name, report in state.reports if agent.may_begin else ():
            taken = self.do(world, "take_place", name, self.limit) if report.state == "waiting" else None
            if taken is not None:
                yield f"takes a place for {name}", taken, agent._replace(at="admitting", report=name)
                return
        answered = world._replace(answered=world.answered | {agent.name})
        yield f"answers {agent.name}", answered, Agent("settling", agent.name)

    def _begins_report(self, world: World, agent: Agent) -> Way:
        """Begin a report (T5), or park that of a refunded order and look at the order again."""
        name, order = agent.name, world.state.order
        if agent.at == "putting off":
            put_off = self.try_to(world, "put_off", name, agent.mark)
            yield f"puts off {name}", put_off, agent._replace(at="looking again")
        elif agent.at == "looking again":
            goes_on = order is not None and not order.facts.stopped
            yield "looks again", world, agent._replace(at="waking" if goes_on else "parking")
        elif agent.at == "waking":
            yield f"wakes {name}", self.try_to(world, "put_off", name, SOON), Agent()
        elif agent.at == "parking":
            yield f"parks {name}", self.try_to(world, "park", name, agent.mark), Agent()
        elif agent.at == "pinning":
            pinned = self.try_to(world, "pin", name, agent.plan)
            report = pinned.state.report(name)
            goes_on = report.state == "queued"
            then = agent._replace(at="telling", plan=report.plan or "") if goes_on else Agent()
            yield f"pins the plan of {name}", pinned, then
        elif agent.at == "telling":
            yield f"tells {name}", self.try_to(world, "stop", name, agent.facts), agent._replace(at="inserting")
        else:
            yield from self._inserts(world, agent)

    def _inserts(self, world: World, agent: Agent) -> Way:
        name, plan, there = agent.name, agent.plan, dict(world.state.report(agent.name).steps)
        for step in self.plans[plan].needs:
            if step not in there:
                fresh = first_state(self.plans[plan], step)
                yield f"inserts {step} of {name}", self.try_to(world, "insert", name, step, plan, fresh), agent
                return
        yield f"starts {name}", self.try_to(world, "start", name, plan), Agent()


def _having_read(world: World, agent: Agent) -> Agent:
    """Return an agent that has the order in mind as it stands."""
    order = world.state.order
    if order is None:
        return agent._replace(may_begin=False)
    return agent._replace(facts=order.facts, may_begin=order.paid and not order.facts.stopped)
