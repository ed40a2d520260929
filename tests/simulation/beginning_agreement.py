"""Agreement about beginnings: each write to a report that is opened and begun is one that T3 to T5 allow."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from tests.model import beginning_rules as rules
from tests.model.beginning_rules import Facts, Report, State
from tests.model.rules import RuleForbids
from tests.simulation.agreement import follow, model_of, token
from tests.simulation.observer import View, Write

#: Transition as it was seen: its rule's name, and what that is given.
_Move = tuple[str, tuple[Any, ...]]


def disagreements(writes: Sequence[Write], **other: rules.Rule) -> list[str]:
    """Return the writes of a run that the model does not allow, or takes to another state.

    `other` are rules in the place of the right ones.
    """
    return follow(writes, "reports", {"steps"}, partial(_follow, other))


def _follow(other: dict[str, rules.Rule], model: dict[str, State], name: str, write: Write) -> Iterator[str]:
    product = write.view.reports[name]["product"]
    plans = {plan_of(PRODUCTS[product])["_id"]: model_of(product)}
    seen, known = _state(write.view, name), model.get(name, State())
    was, now = known.report(product), seen.report(product)
    if was.planned or "dead" in {was.state, now.state}:  # the rules of steps go on from there
        model[name] = seen
        return
    for what, given in _moves(was, now, name, write):
        rule: rules.Rule = other.get(what) or getattr(rules, what)
        try:
            known = rule(plans, known, product, *given)
        except RuleForbids as why:
            yield f"{what} of {name} is not allowed: {why}"
    if known != seen:
        yield f"{name} differs: it is {known.report(product)} in the model and {now}"
    model[name] = seen


def _moves(was: Report, now: Report, name: str, write: Write) -> Iterator[_Move]:
    if not was.state:
        yield "open_report", (now.facts, now.state == "waiting", now.check)
    elif was.state == "waiting" != now.state:
        yield "admit", (now.check,)
    elif was.facts != now.facts:
        yield "stop", (now.facts,)
    elif was.plan != now.plan:
        yield "pin", (now.plan,)
    elif now.planned:
        yield "start", (now.plan,)
    elif was.check is not None and now.check is None:
        yield "park", (write.command.filter["check_at"],)
    elif was.check != now.check:
        yield "put_off", (now.check,)
    for step, plan in sorted(now.steps - was.steps):
        yield "insert", (step, plan, write.view.steps[f"{name}:{step}"]["state"])


def _state(view: View, name: str) -> State:
    report = view.reports[name]
    tokens = (token(one) for held in report["slots"].values() for one in held)
    facts = Report(
        report["state"],
        Facts(report["payment_version"], report["stopped"]),
        report["plan"],
        report["planned"],
        report.get("check_at"),
        frozenset(tokens),
        frozenset((step["key"], step["plan"]) for step in view.steps.values() if step["report"] == name),
    )
    return State(reports=((report["product"], facts),))
