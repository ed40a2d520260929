"""The indexes that the transitions and the sweep need, ensured when a process starts."""

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import OperationFailure

from storage.database import Collection, Database, translating

#: MongoDB's IndexOptionsConflict and IndexKeySpecsConflict.
_DEFINED_OTHERWISE = {85, 86}


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


@translating
async def ensure_indexes(db: Database) -> None:
    """Create what is missing; safe to run in several processes at once."""
    wanted: list[tuple[Collection, list[IndexModel]]] = [
        (db.events, [_index("state", "received_at")]),
        # The webhook waits for each of these.
        (db.orders, [_token, _index("payment_intent"), _sparse("errands_at")]),
        # One for the waiting, the queued and the running ones; one of the stored ones alone, for estimates.
        (db.reports, [_index("state", "tenant", "queued_at"), _stored]),
        (
            db.steps,
            [
                _index("report", "slot", "state", "seq"),
                _index("state", "due_at"),
            ],
        ),
        (db.ledger, [_index("step", "state"), _index("order"), _index("day", "product")]),
        (db.deliveries, [_index("order")]),
        (db.dead_letters, [_index("state", "-at"), _index("order")]),
        (db.alerts, [_index("state", "due_at"), _sparse("admitted_at"), _index("order"), _index("event")]),
        (db.audit, [_index("order", "-at")]),
    ]
    for collection, models in wanted:
        await _create(collection, models)


async def _create(collection: Collection, models: list[IndexModel]) -> None:
    """Create indexes; one that has our name and another definition is an older version's, and is made anew."""
    try:
        await collection.create_indexes(models)
    except OperationFailure as error:
        if error.code not in _DEFINED_OTHERWISE:
            raise
        await collection.drop_indexes()
        await collection.create_indexes(models)
