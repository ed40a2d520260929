"""Agreement about letters: each write to an order or to a delivery is one that the rules of letters allow."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from tests.model import letter_rules as rules
from tests.model.letter_rules import Delivery, Facts, Order, State
from tests.model.rules import RuleForbids
from tests.simulation.agreement import follow
from tests.simulation.database import Command
from tests.simulation.observer import View, Write

_ERRANDS = {"complete_order", "refund_order", "resume_replay"}

#: Transition as it was seen: its rule's name, and what that is given.
_Move = tuple[str, tuple[Any, ...]]


def disagreements(writes: Sequence[Write], **other: rules.Rule) -> list[str]:
    """Return the writes of a run that the model does not allow, or takes to another state.

    `other` are rules in the place of the right ones.
    """
    return follow(writes, "orders", {"deliveries"}, partial(_follow, other))


def _follow(other: dict[str, rules.Rule], model: dict[str, State], name: str, write: Write) -> Iterator[str]:
    seen = _state(write.view, name)
    known = model.get(name)
    is_forgotten = "forgotten_at" in write.view.orders[name]
    if known is None or is_forgotten:  # T2, and the end of all errands
        model[name] = seen
        return
    moves = _moves_of_letters(known, seen, write.command)
    if write.command.collection == "orders":
        moves = _moves_of_order(known.order, seen.order, write.command)
    for what, given in moves:
        rule: rules.Rule = other.get(what) or getattr(rules, what)
        try:
            model[name] = rule(model[name], *given)
        except RuleForbids as why:
            yield f"{what} of {name} is not allowed: {why}"
    if model[name] != seen:
        yield f"{name} differs: it is {model[name]} in the model and {seen}"
        model[name] = seen


def _moves_of_order(was: Order, now: Order, command: Command) -> Iterator[_Move]:
    """Yield the transition between two sights of an order, by the fact that it alone changes so."""
    corrections = _corrections_in(command)
    begun = [(product, run) for product, run in now.runs if (product, run) not in was.runs]
    if was.version != now.version:
        yield "copy_payment", (now.version, now.facts)
    elif len(was.corrections) < len(now.corrections):
        yield "correct", ()
    elif begun and was.intent:
        yield "begin_remake", begun[0]
    elif begun:
        yield "begin_replay", (*begun[0], command.filter["letter"]["$in"])
    elif now.withdrawn and not was.withdrawn:
        yield ("ask_operator", ()) if now.asks else ("withdraw", (corrections,))
    elif was.letter != now.letter:
        by_reports = now.letter == "completion"
        yield ("choose_completion", ()) if by_reports else ("choose_refund", (corrections,))
    elif now.delivered and not was.delivered:
        yield "deliver", (corrections,)
    else:
        yield from _moves_of_errands(was, now, command)


def _moves_of_errands(was: Order, now: Order, command: Command) -> Iterator[_Move]:
    if now.stored - was.stored:
        yield "add_stored", _run_in(command)
    elif now.complete and not was.complete:
        yield "complete", _run_in(command)
    elif was.intent and not now.intent:
        yield "end_intent", (was.intent,)
    elif was.asks and not now.asks:
        yield "set_aside", ()
    elif now.errands - was.errands:
        yield "ask", tuple(now.errands - was.errands)
    elif was.errands - now.errands:
        yield "end_errand", (*(was.errands - now.errands), False)


def _moves_of_letters(known: State, seen: State, command: Command) -> Iterator[_Move]:
    for name, letter in seen.letters:
        was = known.letter(name)
        if not was.state:
            yield "claim", (name,)
        elif was != letter:
            yield from _moves_of_letter(name, letter, command.filter)


def _moves_of_letter(name: str, letter: Delivery, asked: dict[str, Any]) -> Iterator[_Move]:
    by_holders = {"sending": "start_sending", "waiting": "postpone", "claimed": "retake"}
    if letter.state == "sent":
        yield "mark_sent", (name,)
        return
    if letter.state == "claimed" and "until" in asked:
        yield "pass_time", (name,)
    yield by_holders[letter.state], (name, asked.get("epoch"))


def _corrections_in(command: Command) -> int | None:
    """Return the number of corrections that an update's filter asks for. None if it asks for none."""
    numbers = (key.partition(".")[2] for key in command.filter if key.startswith("corrections."))
    return next((int(number) for number in numbers), None)


def _run_in(command: Command) -> tuple[str, int]:
    """Return the product, and its run, that an update's filter asks for."""
    asked = ((key.partition(".")[2], run) for key, run in command.filter.items() if key.startswith("run."))
    return next(asked, ("", 0))


def _state(view: View, name: str) -> State:
    letters = (
        (one["_id"].removeprefix(f"{name}:"), Delivery(one["state"], one["epoch"]))
        for one in view.deliveries.values()
        if one["order"] == name
    )
    return State(_order(view.orders[name]), tuple(sorted(letters)))


def _order(order: dict[str, Any]) -> Order:
    replay = order.get("replay")
    intent = order.get("remaking", {replay["product"]: replay["run"]} if replay else {})
    return Order(
        runs=tuple(sorted(order["run"].items())),
        stored=frozenset(order["stored"]),
        complete=order["stored_at"] is not None,
        letter=order["letter"],
        delivered=order["delivered_at"] is not None,
        errands=frozenset(_ERRANDS & order["errands"].keys()),
        intent=tuple(sorted(intent.items())),
        corrections=tuple(one["delivered_at"] is not None for one in order.get("corrections", ())),
        withdrawn="withdrawn_at" in order,
        asks=order.get("request", {}).get("kind") == "withdrawal",
        version=order["payment_version"],
        facts=Facts(order["stopped"], order["on_hold"], order["refund_failed"]),
    )
