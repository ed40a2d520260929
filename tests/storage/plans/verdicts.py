"""What is wrong with how a question was answered; and what may be so all the same, each with its reason."""

from collections.abc import Collection, Iterable

from pymongo import IndexModel

from storage.indexes import INDEXES
from tests.storage.plans.profile import Answer

#: Read as a whole, since there is little in them.
SMALL = {
    "workers": "one document a process that runs",
    "tenants": "one document a brand with a limit",
    "work_pauses": "one document a pause on an operator's word",
}
#: Sort in memory.
SORTING = {
    "costs_by": "an operator's sums, the dearest first: a row each, and cut off in MongoDB",
    "orders_for_a_person": "the few that need one now",
    "dead_groups": "a row each cause, and cut off in MongoDB",
}
#: Read more than they return.
READING = {
    "orders_for_a_person": "all that ever needed one and keep the mark, as refunded ones do, 10,000 at most",
    "claims_of": "all claimed steps: as many as are in somebody's hands, when a worker stops or has died. "
    "An index of holders would be written twice a step.",
    "scheduled_gifts": "all open orders, among which those wait: nothing else is open for months.",
    "open_orders_paid_before": "all open orders of before then, where an owner wants one product's or brand's.",
    "adopt_events": "the events of one payment, which are a handful, when it is refunded or disputed.",
}


def faults(answer: Answer) -> list[str]:
    """Return what is wrong."""
    # A key that is named and not there, or whose document is otherwise by now, is looked at as well.
    looks = answer.named + 1
    wasteful = answer.docs > 2 * answer.found + looks or answer.keys > 3 * answer.found + 2 * looks
    verdicts = {
        "it scans the collection": "COLLSCAN" in answer.plan and answer.collection not in SMALL,
        "it sorts in memory": answer.sorted and answer.function not in SORTING,
        "it reads too much": wasteful and answer.function not in READING,
    }
    return [verdict for verdict, so in verdicts.items() if so]


def bad(answers: Iterable[Answer]) -> list[str]:
    """Return a line for each answer with which something is wrong."""
    return [f"{', '.join(found)}: {answer}" for answer in answers if (found := faults(answer))]


def idle_indexes(answers: Collection[Answer]) -> list[str]:
    """Return the indexes by which no answer went."""
    # By one with a lifetime MongoDB itself finds what is over.
    every = [
        (name, model)
        for name, models in INDEXES.items()
        for model in models
        if "expireAfterSeconds" not in model.document
    ]
    plans = {(answer.collection, answer.plan) for answer in answers}
    return [
        f"{name}: {_keys(model)}"
        for name, model in every
        if not any(name == collection and _keys(model) in plan for collection, plan in plans)
    ]


def _keys(model: IndexModel) -> str:
    """Return an index's keys as MongoDB names them in a plan."""
    return "{ " + ", ".join(f"{field}: {way}" for field, way in model.document["key"].items()) + " }"
