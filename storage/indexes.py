"""The indexes that the transitions and the sweep need, ensured when a process starts."""

from pymongo import ASCENDING, DESCENDING, IndexModel

from storage.database import Collection, Database, translating


def _index(*keys: str, unique: bool = False, where: dict[str, object] | None = None) -> IndexModel:
    fields = [(key.removeprefix("-"), DESCENDING if key.startswith("-") else ASCENDING) for key in keys]
    options: dict[str, object] = {"unique": True} if unique else {}
    return IndexModel(fields, **options, **({"partialFilterExpression": where} if where else {}))


@translating
async def ensure_indexes(db: Database) -> None:
    """Create what is missing; safe to run in several processes at once."""
    wanted: list[tuple[Collection, list[IndexModel]]] = [
        (db.events, [_index("received_at", where={"state": "new"})]),
        (
            db.orders,
            [
                _index("token", unique=True),
                _index("payment_intent", where={"payment_intent": {"$exists": True}}),
                _index("letter_check_at", where={"letter_check_at": {"$exists": True}}),
                _index("replaying", where={"replaying": True}),
                _index("-placed_at"),
            ],
        ),
        (
            db.reports,
            [
                _index("order"),
                _index("check_at", where={"state": "queued"}),
                _index("state", where={"state": "running"}),
            ],
        ),
        (
            db.steps,
            [
                _index("report", "state", "seq"),
                _index("report", "kind", "state"),
                _index("report", "needs"),
                _index("message", where={"state": "queued"}),
                _index("check_at", where={"state": "queued"}),
                _index("due_at", where={"state": "ready"}),
                _index("claim.worker", where={"state": "claimed"}),
                _index("claim.until", where={"state": "claimed"}),
                _index("done_at", where={"advanced": False}),
            ],
        ),
        (db.ledger, [_index("step", "state"), _index("order")]),
        (db.deliveries, [_index("order")]),
        (db.dead_letters, [_index("state", "-at"), _index("order")]),
        (db.audit, [_index("order", "-at")]),
    ]
    for collection, models in wanted:
        await collection.create_indexes(models)
