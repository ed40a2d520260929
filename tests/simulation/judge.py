"""Judge: what must be true of a run once it is over."""

from collections import Counter
from typing import Any

from storage.order_state import order_state
from tests.simulation.database import Store
from tests.simulation.observer import Observer
from tests.simulation.stories import INTENT, ORDER
from tests.simulation.world import World

_OVER = {"refunded", "delivered", "needs_attention"}


def judge(store: Store, world: World, observer: Observer) -> list[str]:
    """Return what is wrong, a sentence each."""
    ledger = list(store.mongo["ledger"].find())
    return [
        *observer.wrong,
        *(f"an error left its process: {failure}" for failure in world.failures),
        *_of_the_order(store, world),
        *_of_mails(world),
        *_of_purchases(world, observer, ledger),
        *_of_the_ledger(world, observer, ledger),
    ]


def _of_the_order(store: Store, world: World) -> list[str]:
    orders: Any = list(store.mongo["orders"].find())
    if [order["_id"] for order in orders] != [ORDER]:
        return [f"{len(orders)} orders of one purchase"]
    (order,) = orders
    state = order_state(order, list(store.mongo["reports"].find({"plan": {"$ne": None}})))  # type: ignore[arg-type]
    wrong = [] if state in _OVER else [f"the order is stuck: {state}"]
    if state == "needs_attention" and not store.mongo["alerts"].count_documents({"order": ORDER}):
        wrong.append(f"no alert names the order that waits: {order['attention']}")
    if order["letter"] == "refund" and not order["stopped"] and INTENT not in world.stripe.refunded:
        wrong.append("the refund is chosen, and the money was not given back")
    if order["delivered_at"] is not None and not {"completion"} & {mail.kind for mail in world.postman.taken}:
        wrong.append("the order is delivered without a letter")
    return wrong


def _of_mails(world: World) -> list[str]:
    mails = [mail for mail in world.postman.taken if mail.order == ORDER]
    sure = Counter((mail.kind, mail.name) for mail in mails if not mail.in_doubt)
    wrong = [f"{count} {kind} mails" for (kind, _), count in sure.items() if count > 1]
    if {"completion", "refund"} <= {mail.kind for mail in mails}:
        wrong.append("both a completion and a refund mail")
    return wrong


def _of_purchases(world: World, observer: Observer, ledger: list[dict[str, Any]]) -> list[str]:
    runs = {entry["_id"]: (entry["step"], entry["run"]) for entry in ledger}
    unknown = [call for call in world.provider.calls if call not in runs]
    bought = Counter(runs[call] for call in world.provider.calls if call in runs)
    bought.subtract(runs[entry["_id"]] for entry in ledger if entry.get("outcome") == "truncated")
    wrong = [f"a call that no entry tells of: {call}" for call in unknown]
    for (step, run), count in bought.items():
        excused = observer.excused(step, run)
        if count > 1 + excused:
            wrong.append(f"{step} was bought {count} times in run {run}, of which {excused} are excused")
    return wrong


def _of_the_ledger(world: World, observer: Observer, ledger: list[dict[str, Any]]) -> list[str]:
    counted = Counter(world.provider.calls)
    answered = {entry["_id"] for entry in ledger if "usage" in entry}
    wrong = [f"{call} was made {count} times" for call, count in counted.items() if count > 1]
    wrong += [f"{entry} was answered, and not by the provider" for entry in answered - counted.keys()]
    wrong += [f"the answer of {call} is in no entry" for call in counted.keys() - answered - observer.doubtful]
    return wrong
