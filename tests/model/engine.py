"""Workers and sweeps over the rules: what each may do next, one write or one message at a time.

An agent is at a place, with what it knows. What it knows may be old: between two of its moves all others may move.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests.model import rules
from tests.model.explore import Move
from tests.model.rules import Plan, Report, RuleForbids, State, Step

#: Places of an agent that holds a claim.
_HOLDING = ("claimed", "bought")


class Agent(NamedTuple):
    """Worker or sweep: where it is, with which step, the epoch that it knows, and the message in its hands."""

    at: str = "idle"
    step: str = ""
    epoch: int = 0
    message: str = ""
    frozen: bool = False


class Luck(NamedTuple):
    """Faults that may still happen."""

    crashes: int = 0
    freezes: int = 0
    losses: int = 0
    flushes: int = 0


class World(NamedTuple):
    """Everything: the documents, the broker's messages, the agents, and who holds and bought what."""

    state: State
    waiting: tuple[str, ...]
    #: Messages that a dead worker had taken.
    orphaned: tuple[str, ...]
    workers: tuple[Agent, ...]
    sweep: Agent
    #: The worker that holds a step, or none that lives.
    holders: tuple[tuple[str, int], ...]
    bought: tuple[tuple[str, int], ...]
    excused: tuple[str, ...]
    luck: Luck


#: No live worker.
_NOBODY = -1


def beginning(plan: Plan, luck: Luck, workers: int = 2) -> World:
    """Return the world in which a report's steps were just inserted, and its first ones queued (T5)."""
    steps = {name: Step("waiting" if needs else "ready") for name, needs in plan.needs.items()}
    state = State(Report("running"), tuple(steps.items()))
    waiting: tuple[str, ...] = ()
    for slot, bound in plan.bounds.items():
        first = [name for name, step in state.steps if step.state == "ready" and plan.slot[name] == slot][:bound]
        state = rules.share(plan, state, slot, ((name, 1) for name in first))
        for name in first:
            state, waiting = rules.queue(plan, state, name), (*waiting, name)
    nobody = tuple((name, _NOBODY) for name in steps)
    return World(state, waiting, (), (Agent(),) * workers, Agent(), nobody, (), (), luck)


class Engine:
    """The moves of a plan's worlds. `rule` may be another for a name, to see that the wrong one is noticed."""

    def __init__(self, plan: Plan, luck: Luck, **other: rules.Rule) -> None:
        """Take the plan, what may go wrong, and rules in the place of the right ones."""
        self.plan = plan
        self.first = beginning(plan, luck)
        self._rules = other

    def is_end(self, world: World) -> bool:
        """Return whether every step is settled."""
        return all(step.state in {"done", "dead"} and step.advanced for _, step in world.state.steps)

    def wrong_in(self, world: World) -> Iterator[str]:
        """Yield what must not be, and is."""
        plan, excused = self.plan, Counter(world.excused)
        yield from (f"{step} is bought twice" for step, count in world.bought if count > 1 + excused[step])
        for slot, bound in plan.bounds.items():
            live = [name for name, step in world.state.steps if step.state in {"queued", "claimed"}]
            if sum(plan.slot[name] == slot for name in live) > bound:
                yield f"more {slot} steps are under way than may be"
        for name, step in world.state.steps:
            begun = step.state in {"queued", "claimed", "done"}
            if begun and any(world.state.step(need).state != "done" for need in plan.needs[name]):
                yield f"{name} is begun before its needs are done"

    def _apply(self, name: str, world: World, step: str) -> World | None:
        rule: rules.Rule = self._rules.get(name) or getattr(rules, name)
        try:
            return world._replace(state=rule(self.plan, world.state, step))
        except RuleForbids:
            return None

    def moves(self, world: World) -> Iterator[Move[World]]:
        """Yield every move that may come next."""
        for number, agent in enumerate(world.workers):
            if agent.frozen:
                yield Move(f"worker {number} wakes", _worker(world, number, agent._replace(frozen=False)))
            else:
                yield from self._faults(world, number, agent)
                yield from self._worker_moves(world, number, agent)
        yield from self._sweep_moves(world)
        yield from _losses(world)

    def _faults(self, world: World, number: int, agent: Agent) -> Iterator[Move[World]]:
        if agent.at == "idle":
            return
        luck = world.luck
        in_air = agent.step if agent.at == "bought" else ""
        if luck.crashes:
            dead = _excuse(_worker(world, number, Agent()), in_air)
            orphaned = (*dead.orphaned, agent.message) if agent.message else dead.orphaned
            holders = tuple((name, _NOBODY if holder == number else holder) for name, holder in dead.holders)
            dead = dead._replace(orphaned=orphaned, holders=holders, luck=luck._replace(crashes=luck.crashes - 1))
            yield Move(f"worker {number} dies, {agent.at} {agent.step}", dead, is_fault=True)
        if luck.freezes and agent.at in _HOLDING:
            frozen = _excuse(_worker(world, number, agent._replace(frozen=True)), in_air)
            yield Move(
                f"worker {number} freezes, {agent.at} {agent.step}",
                frozen._replace(luck=luck._replace(freezes=luck.freezes - 1)),
                is_fault=True,
            )

    def _worker_moves(self, world: World, number: int, agent: Agent) -> Iterator[Move[World]]:
        if agent.at == "idle":
            for name in sorted(set(world.waiting)):
                taken = world._replace(waiting=_less(world.waiting, name))
                yield self._go(taken, number, f"takes {name}", Agent("taken", name, 0, name))
        elif agent.at == "taken":
            claimed = self._apply("claim", world, agent.step)
            if claimed is None:
                yield self._go(world, number, f"drops {agent.step}", Agent())
            else:
                held = claimed._replace(holders=_with(claimed.holders, agent.step, number))
                epoch = claimed.state.step(agent.step).epoch
                yield self._go(held, number, f"claims {agent.step}", agent._replace(at="claimed", epoch=epoch))
        elif agent.at == "claimed":
            yield self._fence(world, number, agent)
        elif agent.at == "bought":
            done = self._apply("complete", world, agent.step) if self._is_mine(world, agent) else None
            if done is None:
                yield self._go(world, number, f"comes too late with {agent.step}", Agent())
            else:
                yield self._go(done, number, f"completes {agent.step}", agent._replace(at="advancing"))
        else:
            for what, then, after in self._advancing(world, agent):
                yield self._go(then, number, what, after)

    def _go(self, world: World, number: int, what: str, agent: Agent) -> Move[World]:
        return Move(f"worker {number} {what}", _worker(world, number, agent))

    def _is_mine(self, world: World, agent: Agent) -> bool:
        """Whether the filter of a holder's write matches: epochs are compared, whatever the rule looks at."""
        return "complete" in self._rules or world.state.step(agent.step).epoch == agent.epoch

    def _fence(self, world: World, number: int, agent: Agent) -> Move[World]:
        step = world.state.step(agent.step)
        fenced = self._apply("fence", world, agent.step)
        if "fence" not in self._rules and (step.state != "claimed" or step.epoch != agent.epoch):
            fenced = None
        if fenced is None:
            return self._go(world, number, f"has lost {agent.step}", Agent())
        count = dict(fenced.bought).get(agent.step, 0) + 1
        bought = fenced._replace(bought=_with(fenced.bought, agent.step, count))
        epoch = fenced.state.step(agent.step).epoch
        return self._go(bought, number, f"buys {agent.step}", agent._replace(at="bought", epoch=epoch))

    def _advancing(self, world: World, agent: Agent) -> Iterator[tuple[str, World, Agent]]:
        """Yield the next of: dependents ready, slots shared, steps queued, messages sent, the stamp."""
        state, settled = world.state, agent.step
        if agent.at == "advancing":
            for name in self.plan.followers(settled) if state.step(settled).state == "done" else ():
                if (readied := self._apply("ready", world, name)) is not None:
                    yield f"readies {name}", readied, agent
                    return
            yield "looks for slots", world, agent._replace(at="sharing")
        elif agent.at == "sharing":
            yield from self._shared(world, agent)
        elif agent.at == "queueing":
            yield from self._queued(world, agent)
        else:
            stamped = self._apply("stamp", world, settled) if settled else None
            yield f"is done with {settled}", stamped or world, Agent()

    def _shared(self, world: World, agent: Agent) -> Iterator[tuple[str, World, Agent]]:
        state = world.state
        for slot, bound in self.plan.bounds.items():
            held = state.report.held(slot)
            kept = {(name, run) for name, run in held if name != agent.step}
            ready = [name for name, step in state.steps if step.state == "ready" and self.plan.slot[name] == slot]
            free = [name for name in ready if (name, 1) not in kept][: max(0, bound - len(kept))]
            wanted = kept | {(name, 1) for name in free}
            if wanted != held:
                shared = world._replace(state=rules.share(self.plan, state, slot, wanted))
                yield f"shares {slot} slots out to {free}", shared, agent
                return
        yield "has shared", world, agent._replace(at="queueing")

    def _queued(self, world: World, agent: Agent) -> Iterator[tuple[str, World, Agent]]:
        held = {name for slot in self.plan.bounds for name, _ in world.state.report.held(slot)}
        for name in sorted(held):
            if (queued := self._apply("queue", world, name)) is not None:
                yield f"queues {name}", queued, agent._replace(message=agent.message)
                return
        lacking = [name for name in sorted(held) if world.state.step(name).state == "queued"]
        unsent = [name for name in lacking if not _has(world, name)]
        if unsent:
            yield f"sends {unsent[0]}", world._replace(waiting=_more(world.waiting, unsent[0])), agent
            return
        yield "has sent", world, agent._replace(at="stamping")

    def _sweep_moves(self, world: World) -> Iterator[Move[World]]:
        agent = world.sweep
        if agent.at != "idle":
            for what, then, after in self._advancing(world, agent):
                yield Move(f"sweep {what}", then._replace(sweep=after))
            return
        alive = {number for number, worker in enumerate(world.workers) if not worker.frozen}
        holders = dict(world.holders)
        for name, step in world.state.steps:
            if step.state == "claimed" and holders[name] not in alive:
                if (expired := self._apply("expire", world, name)) is not None:
                    yield Move(f"sweep takes {name} from the dead", expired)
            elif step.state == "queued" and not _has(world, name):
                yield Move(f"sweep sends {name} again", world._replace(waiting=_more(world.waiting, name)))
            elif step.state in {"done", "dead"} and not step.advanced and not _is_advanced_by(world, name):
                yield Move(f"sweep advances {name}", world._replace(sweep=Agent("advancing", name)))
        if self._stands_about(world):
            yield Move("sweep heals slots", world._replace(sweep=Agent("sharing")))
        for name in world.orphaned:
            given = world._replace(orphaned=_less(world.orphaned, name))
            yield Move(f"sweep forgets a dead worker's {name}", given)

    def _stands_about(self, world: World) -> bool:
        ready = [name for name, step in world.state.steps if step.state == "ready"]
        for name in ready:
            held = world.state.report.held(self.plan.slot[name])
            if (name, 1) in held or len(held) < self.plan.bounds[self.plan.slot[name]]:
                return True
        return False


def _losses(world: World) -> Iterator[Move[World]]:
    luck = world.luck
    if luck.flushes and world.waiting:
        gone = world._replace(waiting=(), orphaned=(), luck=luck._replace(flushes=luck.flushes - 1))
        yield Move("Redis forgets everything", gone, is_fault=True)
    if luck.losses:
        for name in sorted(set(world.waiting)):
            lost = world._replace(waiting=_less(world.waiting, name), luck=luck._replace(losses=luck.losses - 1))
            yield Move(f"a message of {name} is lost", lost, is_fault=True)


def _has(world: World, name: str) -> bool:
    """Whether Redis has a step's message. One that a frozen worker has is of an older name."""
    in_hands = (agent.message for agent in (*world.workers, world.sweep) if not agent.frozen)
    return name in world.waiting or name in world.orphaned or name in in_hands


def _is_advanced_by(world: World, name: str) -> bool:
    """Whether somebody is at it. The sweep waits for some seconds, in which a live worker ends."""
    return any(agent.step == name and not agent.frozen and agent.at != "idle" for agent in world.workers)


def _worker(world: World, number: int, agent: Agent) -> World:
    return world._replace(workers=(*world.workers[:number], agent, *world.workers[number + 1 :]))


def _excuse(world: World, step: str) -> World:
    return world._replace(excused=tuple(sorted((*world.excused, step)))) if step else world


def _with(pairs: tuple[tuple[str, int], ...], name: str, value: int) -> tuple[tuple[str, int], ...]:
    return tuple(sorted({**dict(pairs), name: value}.items()))


def _less(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    at = names.index(name)
    return (*names[:at], *names[at + 1 :])


def _more(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(sorted((*names, name)))
