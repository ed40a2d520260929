"""Agreement of code and model: each write of a run is a transition that the rules allow, to the same state."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.products.slot_sets import SLOTS, slot_of
from tests.model import rules
from tests.model.rules import Plan, Report, RuleForbids, State, Step, Token
from tests.simulation.observer import View, Write

#: The transition of a step by its states before and after, in one run. T9 changes nothing that the model knows.
MOVES: dict[tuple[str, str], rules.Rule] = {
    ("waiting", "ready"): rules.ready,
    ("ready", "queued"): rules.queue,
    ("queued", "claimed"): rules.claim,
    ("claimed", "claimed"): rules.fence,
    ("claimed", "done"): rules.complete,
    ("queued", "done"): rules.complete,
    ("claimed", "ready"): rules.release,
    ("claimed", "queued"): rules.expire,
    ("claimed", "dead"): rules.kill,
    ("queued", "dead"): rules.kill,
    ("done", "done"): rules.stamp,
    ("dead", "dead"): rules.stamp,
}


Known = TypeVar("Known")


class _Move(NamedTuple):
    """Transition as it was seen: its words, and its rule, which is given plan and state."""

    what: str
    rule: Any


def disagreements(writes: Sequence[Write], moves: Mapping[tuple[str, str], rules.Rule] = MOVES) -> list[str]:
    """Return the writes of a run that the model does not allow, or takes to another state."""
    return follow(writes, "reports", {"steps"}, partial(_follow, moves))


def follow(
    writes: Sequence[Write],
    named: Literal["reports", "orders"],
    beside: set[str],
    compare: Callable[[dict[str, Known], str, Write], Iterator[str]],
) -> list[str]:
    """Return what is wrong with the writes of a run to some documents, and to the collections beside them.

    `compare` takes each on to the next state in a model of states by names, and says what disagrees.
    """
    model: dict[str, Known] = {}
    wrong: list[str] = []
    for write in writes:
        for name in getattr(write.view, named) if write.command.collection in {named, *beside} else ():
            wrong += [f"turn {write.turn}: {one}" for one in compare(model, name, write)]
    return wrong


def _follow(
    moves: Mapping[tuple[str, str], rules.Rule], model: dict[str, State], name: str, write: Write
) -> Iterator[str]:
    seen = _state(write.view, name)
    known = model.get(name)
    if known is None or len(known.steps) < len(seen.steps):  # T3, T5
        model[name] = seen
        return
    plan = model_of(write.view.reports[name]["product"])
    for move in _moves(known, seen, write, moves):
        try:
            model[name] = move.rule(plan, model[name])
        except RuleForbids as why:
            yield f"{move.what} of {name} is not allowed: {why}"
    if model[name] != seen:
        yield f"{name} differs: {_difference(model[name], seen)}"
        model[name] = seen


def _moves(
    known: State, seen: State, write: Write, moves: Mapping[tuple[str, str], rules.Rule]
) -> Iterator[_Move]:
    if write.command.collection == "reports":
        yield from _moves_of_report(known.report, seen.report, write)
        return
    for (name, was), (_, now) in zip(known.steps, seen.steps, strict=True):
        if was.run != now.run:
            yield _Move(f"reset of {name}", partial(_named, rules.reset, name))
        elif was != now:
            rule = moves.get((was.state, now.state), _unknown)
            yield _Move(f"{was.state} → {now.state} of {name}", partial(_named, rule, name))


def _moves_of_report(was: Report, now: Report, write: Write) -> Iterator[_Move]:
    begun = was.replay != now.replay and now.replay is not None
    if begun:
        yield _Move("begin of replay", lambda plan, state: rules.begin_replay(plan, state, now.replay or 0))
    elif was.replay != now.replay:
        yield _Move("end of replay", rules.end_replay)
    facts = {"state": now.state, "stopped": now.stopped}
    if not begun and facts != {"state": was.state, "stopped": was.stopped}:
        yield _Move("fact", lambda _, state: state.reported(**facts))
    for slot in SLOTS:
        gone, here = was.held(slot) - now.held(slot), now.held(slot)
        if "$pullAll" in write.command.update and gone:
            yield _Move("return of slots", lambda plan, state, s=slot, t=gone: rules.pull(plan, state, s, t))
        elif was.held(slot) != here:
            yield _Move("sharing of slots", lambda plan, state, s=slot, t=here: rules.share(plan, state, s, t))


def _named(rule: rules.Rule, name: str, plan: Plan, state: State) -> State:
    return rule(plan, state, name)


def _unknown(plan: Plan, state: State, name: str) -> State:
    del plan, state
    raise RuleForbids(f"{name} may not move so")


def _state(view: View, name: str) -> State:
    report = view.reports[name]
    mine = sorted((step["key"], step) for step in view.steps.values() if step["report"] == name)
    slots = tuple(sorted((slot, frozenset(map(token, tokens))) for slot, tokens in report["slots"].items()))
    facts = Report(report["state"], report["run"], report["replay"], report["stopped"], slots)
    return State(facts, tuple((key, _step(step)) for key, step in mine))


def _step(step: dict[str, Any]) -> Step:
    return Step(step["state"], step["epoch"], step["run"], step.get("advanced", False))


def token(held: str) -> Token:
    """Return a token of a slot set, as rules have it."""
    step, _, run = held.rpartition("@")
    return step.rpartition(":")[2], int(run)


def model_of(product: str) -> Plan:
    """Return the plan of a product, as far as rules look at it."""
    made = plan_of(PRODUCTS[product])
    needs = {key: tuple(step["needs"]) for key, step in made["steps"].items()}
    slots = {key: slot_of(step) for key, step in made["steps"].items()}
    return Plan(needs, slots, {str(slot): bound for slot, bound in made["bounds"].items()})


def _difference(model: State, seen: State) -> str:
    pairs = zip((("report", model.report), *model.steps), (("report", seen.report), *seen.steps), strict=True)
    return ", ".join(
        f"{name} is {one} in the model and {other}" for (name, one), (_, other) in pairs if one != other
    )
