"""Judges what was bought: each section once, by its last holder, and all of it in the ledger."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import itemgetter

from actors.audit.evidence import Evidence, Kind, Violation
from storage.grouping import grouped
from storage.records.work import LedgerEntry, Step


def judge_purchases(found: Evidence, _now: datetime) -> Iterator[Violation]:
    """Judge the purchases for each section."""
    order = found.order
    if order["paid_at"] is None and found.purchases:
        yield Violation(order["_id"], "purchase", "Sections of it were bought, and it was never paid.")
    entries = grouped(found.purchases, itemgetter("step"))
    for step in found.steps:
        if step["kind"] == "write":
            own = [one for one in entries.get(step["_id"], []) if one.get("run", step["run"]) == step["run"]]
            for kind, text in _faults(step, sorted(own, key=epoch_of)):
                yield Violation(order["_id"], kind, f"Section {step['section']} of {step['product']} {text}.")


def epoch_of(entry: LedgerEntry) -> int:
    """Return the epoch of the claim under which an answer was bought."""
    return int(entry["_id"].rpartition(":")[2])


def _faults(step: Step, entries: Sequence[LedgerEntry]) -> Iterator[tuple[Kind, str]]:
    """Yield what is wrong with the purchases of a run, the oldest first."""
    written = [entry for entry in entries if entry.get("outcome") == "written"]
    if step["state"] == "done" and not written:
        yield "ledger", "is written, and the ledger has no answer for it"
    if entries and epoch_of(entries[-1]) > step["epoch"]:
        yield "stale", "was bought under a later claim than the one it has"
    if _is_of_another(step, written):
        yield "stale", "is not the answer that its last holder bought"
    needless = sum(_was_needless(entry, written) for entry in entries)
    if needless and not step["kills"]:
        yield "purchase", f"was bought {needless} times too often: there was an answer, and no holder had died"


def _is_of_another(step: Step, written: Sequence[LedgerEntry]) -> bool:
    """Return whether a section's holder bought an answer and its result has the price of another."""
    own = [entry for entry in written if epoch_of(entry) == step["epoch"]]
    result = step.get("result")
    return bool(own and result) and result is not None and result.get("cost_usd") != own[0].get("cost_usd")


def _was_needless(entry: LedgerEntry, written: Sequence[LedgerEntry]) -> bool:
    """Return whether there was an answer when this one was asked for."""
    earlier = [one["settled_at"] for one in written if epoch_of(one) < epoch_of(entry) and "settled_at" in one]
    return any(settled_at < entry["opened_at"] for settled_at in earlier)
