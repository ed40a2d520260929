"""Beginnings of orders by T1 to T5: processes, and all that befalls them, one write at a time.

Between any two moves of a process all others may move, so that what it has seen may be old.
"""

from collections.abc import Iterator

from tests.model import beginning_rules
from tests.model.beginning_rules import Plans, State
from tests.model.beginning_work import FAULT, NOTES, PLACES, Agent, Work, World
from tests.model.explore import Move
from tests.model.rules import Plan

_OLD = Plan({"one": (), "book": ("one",)}, {"one": "write", "book": "render"}, {"write": 1, "render": 1})
_NEW = Plan({"one": (), "two": (), "book": ("one", "two")}, {**_OLD.slot, "two": "write"}, _OLD.bounds)
#: Those of workers of two versions, which have a step in common.
TWO_PLANS: Plans = {"the old way": _OLD, "the new way": _NEW}
#: As little as a plan may hold.
ONE_STEP: Plans = {"the only way": Plan({"one": ()}, {"one": "write"}, {"write": 1})}


class Beginnings:
    """The beginning of an order. It has reports of some products, a letter each, and some events and faults come.

    A tenant with a limit has so many places. `other` are rules in the place of the right ones.
    """

    def __init__(
        self,
        products: str,
        *luck: str,
        limit: int | None = None,
        plans: Plans = TWO_PLANS,
        agents: int = 2,
        **other: beginning_rules.Rule,
    ) -> None:
        """Begin with nothing."""
        self.first = World(State(), (Agent(),) * agents, tuple(sorted(luck)))
        self._work = Work(products, limit, plans, **other)

    def moves(self, world: World) -> Iterator[Move[World]]:
        """Yield every move that may come next."""
        for number, agent in enumerate(world.agents):
            for what, after, then in self._work.moves(world, agent):
                yield Move(f"{number} {what}", after.having(number, then), what.startswith(FAULT))
            if agent.at != "idle" and "crash" in world.luck:
                dead = world.spending("crash").having(number, Agent())
                yield Move(f"{number} dies, {agent.at}", dead, is_fault=True)
        yield from self._moves_of_stripe(world)
        yield from self._moves_of_the_sweep(world)

    def _moves_of_stripe(self, world: World) -> Iterator[Move[World]]:
        for event in sorted({*PLACES, *NOTES} & set(world.luck)):
            if event != "bounced" or "given back" in world.sent:
                yield Move(f"Stripe: {event}", world.spending(event)._replace(sent=world.sent | {event}))

    def _moves_of_the_sweep(self, world: World) -> Iterator[Move[World]]:
        """Yield what is done about places. What is begun is stored one day."""
        work = self._work
        for name, report in world.state.reports if work.limit is not None else ():
            has_place = name in world.state.places
            if report.state == "running":
                yield Move(f"{name} is stored", world._replace(state=world.state.having(name, state="stored")))
            if report.state == "stored" and has_place:
                yield Move(f"the place of {name} is free", work.try_to(world, "leave_place", name))
            if report.state == "waiting":
                taken = (
                    work.do(world, "admit", name) if has_place else work.do(world, "take_place", name, work.limit)
                )
                if taken is not None:
                    yield Move(f"the sweep sees to {name}", taken)

    def wrong_in(self, world: World) -> Iterator[str]:
        """Yield what must not be, and is."""
        state, limit = world.state, self._work.limit
        yield from (f"{event} is answered, and lost" for event in world.answered - state.events)
        if limit is not None and len(state.places) > limit:
            yield "more reports are in progress than may be"
        is_refunded = self._is_quiet(world) and state.order is not None and state.order.facts.stopped
        for name, report in state.reports:
            if any(plan != report.plan for _, plan in report.steps):
                yield f"{name} has steps of another plan"
            if report.planned and dict(report.steps).keys() != self._work.plans[report.plan or ""].needs.keys():
                yield f"{name} is begun without all of its steps"
            if limit is not None and report.state in {"queued", "running"} and name not in state.places:
                yield f"{name} is in progress without a place"
            if is_refunded and report.state == "running" and not report.facts.stopped:
                yield f"{name} goes on, and its order is refunded"

    def is_end(self, world: World) -> bool:
        """Return whether all events have come, and have led to all that they should."""
        order = world.state.order
        if not self._is_quiet(world) or {*PLACES, *NOTES} & set(world.luck) or order is None:
            return False
        is_paid = any(PLACES.get(event) for event in world.sent)
        if order.paid != is_paid or order.facts.stopped != world.state.payment.facts.stopped:
            return False
        begun = [world.state.report(name).state in {"running", "stored"} for name in self._work.products]
        return order.facts.stopped or not order.paid or all(begun)

    def _is_quiet(self, world: World) -> bool:
        return world.applied == world.sent and all(agent.at == "idle" for agent in world.agents)
