"""Rules: each transition of docs/protocol.md, as a function from a state to the next, or to the reason why not.

A rule is one conditional update of one document. What its caller read before, and may be true no more, is none of
its business: that is what the conditions are for.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple

StepState = Literal["waiting", "ready", "queued", "claimed", "done", "dead"]
Token = tuple[str, int]

_SETTLED = {"done", "dead"}


class RuleForbids(Exception):
    """A transition is not allowed in this state."""


class Step(NamedTuple):
    """A step, as far as rules look at it."""

    state: StepState
    epoch: int = 0
    run: int = 1
    advanced: bool = False


class Report(NamedTuple):
    """A report, as far as rules look at it. Slots are tokens of steps with their runs, by slot set."""

    state: str = "queued"
    run: int = 1
    replay: int | None = None
    stopped: bool = False
    slots: tuple[tuple[str, frozenset[Token]], ...] = ()

    def held(self, slot: str) -> frozenset[Token]:
        """Return the tokens of a slot set."""
        return dict(self.slots).get(slot, frozenset())


class Plan(NamedTuple):
    """Plan of a report: the needs of each step and its slot set, and the bound of each set."""

    needs: Mapping[str, tuple[str, ...]]
    slot: Mapping[str, str]
    bounds: Mapping[str, int]

    def followers(self, step: str) -> list[str]:
        """Return the steps that need a step."""
        return [other for other, needs in self.needs.items() if step in needs]


class State(NamedTuple):
    """A report with its steps."""

    report: Report
    steps: tuple[tuple[str, Step], ...]

    def step(self, name: str) -> Step:
        """Return a step."""
        return dict(self.steps)[name]

    def having(self, name: str, **facts: Any) -> "State":
        """Return the state in which a step has these facts."""
        changed = ((key, one._replace(**facts) if key == name else one) for key, one in self.steps)
        return self._replace(steps=tuple(changed))

    def reported(self, **facts: Any) -> "State":
        """Return the state in which the report has these facts."""
        return self._replace(report=self.report._replace(**facts))


Rule = Callable[[Plan, State, str], State]


def allow(condition: bool, why: str) -> None:
    """Raise RuleForbids, with the reason, unless a condition holds."""
    if not condition:
        raise RuleForbids(why)


def _is_complete(plan: Plan, state: State, name: str) -> bool:
    return all(state.step(need).state == "done" for need in plan.needs[name])


def ready(plan: Plan, state: State, name: str) -> State:
    """T6. Of a step that a replay is about to reset, a need may be reset already."""
    step, report = state.step(name), state.report
    allow(step.state == "waiting", "it does not wait")
    reset = report.replay is not None and step.run < report.replay
    allow(reset or _is_complete(plan, state, name), "a need is not done")
    return state.having(name, state="ready")


def share(plan: Plan, state: State, slot: str, tokens: Iterable[Token]) -> State:
    """T7 and the slot's return of T13, in one update: settled steps go out, ready ones come in."""
    held, wanted = state.report.held(slot), frozenset(tokens)
    allow(len(wanted) <= plan.bounds[slot], "the bound is exceeded")
    for name, run in held - wanted:
        step = state.step(name)
        allow(step.run > run or step.state in _SETTLED, f"{name} is not settled, and loses its slot")
    for name, run in wanted - held:
        # A step that was queued, claimed or even done since it was seen ready: the token is taken back (T15).
        allow(state.step(name).run >= run and plan.slot[name] == slot, f"{name} may not take this slot")
    if wanted - held:
        report = state.report
        is_open = report.state == "running" and not report.stopped and report.replay is None
        allow(is_open, "the report takes no slots now")
    return state.reported(slots=_with_slots(state.report, slot, wanted))


def pull(plan: Plan, state: State, slot: str, tokens: Iterable[Token]) -> State:
    """T15, and the first half of a reset in T17."""
    del plan
    held, gone = state.report.held(slot), frozenset(tokens)
    for name, run in gone & held:
        step, replay = state.step(name), state.report.replay
        over = step.run > run or (step.state in _SETTLED and step.advanced)
        allow(over or (replay is not None and step.run < replay), f"{name} still needs its slot")
    return state.reported(slots=_with_slots(state.report, slot, held - gone))


def _with_slots(report: Report, slot: str, tokens: frozenset[Token]) -> tuple[tuple[str, frozenset[Token]], ...]:
    return tuple(sorted({**dict(report.slots), slot: tokens}.items()))


def queue(plan: Plan, state: State, name: str) -> State:
    """T8."""
    del plan
    allow(state.step(name).state == "ready", "it is not ready")
    return state.having(name, state="queued")


def claim(plan: Plan, state: State, name: str) -> State:
    """T10."""
    del plan
    step = state.step(name)
    allow(step.state == "queued", "it is not queued")
    return state.having(name, state="claimed", epoch=step.epoch + 1)


def fence(plan: Plan, state: State, name: str) -> State:
    """T11."""
    del plan
    step = state.step(name)
    allow(step.state == "claimed", "it is not claimed")
    return state.having(name, epoch=step.epoch + 1)


def complete(plan: Plan, state: State, name: str) -> State:
    """T13: a late result counts until the step is claimed again."""
    del plan
    allow(state.step(name).state in {"claimed", "queued"}, "nobody works on it")
    return state.having(name, state="done", advanced=False)


def stamp(plan: Plan, state: State, name: str) -> State:
    """The end of T13: all that a settled step unlocks was unlocked."""
    step = state.step(name)
    allow(step.state in _SETTLED, "it is not settled")
    followers = plan.followers(name) if step.state == "done" and state.report.replay is None else []
    for follower in followers:
        others = [state.step(need) for need in plan.needs[follower] if need != name]
        # A need that is done and not advanced has a worker of its own, or the sweep, which will look.
        unlocked = state.step(follower).state != "waiting" or not all(one.advanced for one in others)
        unlocked = unlocked or not _is_complete(plan, state, follower)
        allow(unlocked, f"{follower} still waits")
    return state.having(name, advanced=True)


def release(plan: Plan, state: State, name: str) -> State:
    """T14."""
    del plan
    allow(state.step(name).state == "claimed", "it is not claimed")
    return state.having(name, state="ready")


def expire(plan: Plan, state: State, name: str) -> State:
    """T14x."""
    del plan
    allow(state.step(name).state == "claimed", "it is not claimed")
    return state.having(name, state="queued")


def kill(plan: Plan, state: State, name: str) -> State:
    """T14x, at the limit, and the end of work that cannot succeed."""
    del plan
    step = state.step(name)
    allow(step.state in {"claimed", "queued"}, "nobody works on it")
    return state.having(name, state="dead", epoch=step.epoch + 1, advanced=False)


def reset(plan: Plan, state: State, name: str) -> State:
    """T17: needs come first, so that nothing is made from what is about to be made again."""
    step, run = state.step(name), state.report.replay
    if run is None or step.run >= run:
        raise RuleForbids("no replay resets it")
    late = [other for other in plan.followers(name) if state.step(other).run >= run]
    allow(not late, f"{late} follow, and were reset before")
    fresh = "waiting" if plan.needs[name] else "ready"
    return state.having(name, state=fresh, run=run, epoch=step.epoch + 1, advanced=False)


def begin_replay(plan: Plan, state: State, run: int) -> State:
    """T17: nothing is queued meanwhile."""
    del plan
    allow(state.report.run < run, "the run is not a new one")
    return state.reported(replay=run, run=run, state="running")


def end_replay(plan: Plan, state: State) -> State:
    """T17: all that follows from a step that was reset was reset, too."""
    run = state.report.replay
    if run is None:
        raise RuleForbids("there is no replay")
    for name, step in state.steps:
        if step.run == run:
            left = [other for other in plan.followers(name) if state.step(other).run < run]
            allow(not left, f"{left} follow from {name}, and have the old run")
    return state.reported(replay=None)
