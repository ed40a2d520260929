"""What the stub's record of calls shows, and what a plan would need at least."""

from collections.abc import Sequence

from actors.products.definition import Product
from actors.products.plans import plan_of
from infra.local.llm.exchange import Record
from storage.records.plans import PlannedStep


def started(calls: Sequence[Record]) -> float:
    """When the first of them came (Unix time)."""
    assert calls, "an order made no call"
    return min(call.started_at for call in calls)


def ended(call: Record) -> float:
    """When a call was answered; it must have been."""
    assert call.finished_at is not None, f"{call.section} was never answered"
    return call.finished_at


def wall_s(calls: Sequence[Record]) -> float:
    """Seconds from the first call's start to the last one's end."""
    return max(map(ended, calls)) - started(calls)


def most_at_once(calls: Sequence[Record]) -> int:
    """The most calls that were in the air at one moment."""
    changes = sorted([(ended(call), -1) for call in calls] + [(call.started_at, 1) for call in calls])
    count = most = 0
    for _, change in changes:
        count += change
        most = max(most, count)
    return most


def require_undisturbed(product: Product, calls: Sequence[Record]) -> None:
    """Refuse a report that was not written by one call a section, each after its needs, within its pace."""
    by_section = {call.section: call for call in calls}
    assert len(calls) == len(product.sections), f"{len(calls)} calls for {len(product.sections)} sections"
    assert by_section.keys() == {section.id for section in product.sections}, "a section was asked for twice"
    for section in product.sections:
        for other in section.after:
            early = ended(by_section[other]) > by_section[section.id].started_at
            assert not early, f"{section.id} was asked for before {other}, which it follows, was written"
    most, pace = most_at_once(calls), product.pace.max_in_flight
    assert most <= pace, f"{most} calls were in the air, where the pace allows {pace}"


def fewest_rounds(product: Product) -> int:
    """The least time in which the plan can be written with its pace, in calls that take one unit each.

    List scheduling: whenever calls end, those begin whose needs are met, the longest chain behind them first.
    """
    steps = {key: step for key, step in plan_of(product)["steps"].items() if step["kind"] == "write"}
    chains = _chains(steps)
    left, done, rounds = sorted(steps, key=lambda key: -chains[key]), set[str](), 0
    while left:
        ready = [key for key in left if done.issuperset(steps[key]["needs"])]
        begun = ready[: product.pace.max_in_flight]
        done.update(begun)
        left = [key for key in left if key not in done]
        rounds += 1
    return rounds


def _chains(steps: dict[str, PlannedStep]) -> dict[str, int]:
    """The length of the longest chain that begins with each step: plans hold needs first."""
    chains = dict.fromkeys(steps, 1)
    for key in reversed(steps):
        for need in steps[key]["needs"]:
            chains[need] = max(chains[need], chains[key] + 1)
    return chains
