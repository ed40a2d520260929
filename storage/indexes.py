"""The indexes that the transitions, the sweep and the pages need; `storage.index_builds` builds them.

A definition that changes gets another name, if need be by other fields: old and new processes run side by side
during a deploy, and each then leaves the other's indexes alone.
"""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel


def _index(*keys: str) -> IndexModel:
    return IndexModel([(key.removeprefix("-"), DESCENDING if key.startswith("-") else ASCENDING) for key in keys])


def _sparse(field: str) -> IndexModel:
    """Return an index of those documents that have the field: few, and only as long as something is due."""
    return IndexModel([(field, ASCENDING)], sparse=True)


#: A customer's link names one order.
_token = IndexModel([("token", ASCENDING)], unique=True)
#: Of finished reports alone, so that placing one does not wait for it.
_stored = IndexModel(
    [("product", ASCENDING), ("stored_at", DESCENDING)],
    partialFilterExpression={"stored_at": {"$exists": True}},
)

#: By collection.
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    "events": [_index("state", "received_at")],
    # The webhook waits for each of these.
    "orders": [_token, _index("payment_intent"), _sparse("errands_at")],
    # One for the waiting, the queued and the running ones; one of the stored ones alone, for estimates.
    "reports": [_index("state", "tenant", "queued_at"), _stored],
    "steps": [_index("report", "slot", "state", "seq"), _index("state", "due_at")],
    "ledger": [_index("step", "state"), _index("order"), _index("day", "product")],
    "deliveries": [_index("order")],
    "dead_letters": [_index("state", "-at"), _index("order")],
    "alerts": [_index("state", "due_at"), _sparse("admitted_at"), _index("order"), _index("event")],
    "audit": [_index("order", "-at")],
}
