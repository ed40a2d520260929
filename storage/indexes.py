"""Indexes for the transitions, the sweep and the pages. `storage.index_builds` builds them.

Each index costs time at every write of its documents, so each states its purpose. The test of the query plans
fails for an index that no query goes by. A definition that changes gets another name, if need be by other
fields: old and new processes run side by side during a deploy, and each then leaves the other's indexes alone.
"""

from collections.abc import Mapping, Sequence

from pymongo import ASCENDING, DESCENDING, IndexModel

from storage.attention import MARKS
from storage.database import Document
from storage.figures import OPEN, SAID_NO
from storage.search import SAME_ADDRESS, SAME_NAME

Keys = list[tuple[str, int]]


def _keys(*fields: str) -> Keys:
    return [(field.removeprefix("-"), DESCENDING if field.startswith("-") else ASCENDING) for field in fields]


def _index(*fields: str) -> IndexModel:
    return IndexModel(_keys(*fields))


def _partial(fields: Sequence[str], only: Document, **name: str) -> IndexModel:
    """Return an index of the matching documents alone. They are few, or no document matches while it is new."""
    return IndexModel(_keys(*fields), partialFilterExpression=only, **name)


def _sparse(field: str) -> IndexModel:
    """Return an index of the documents that have the field. They are few, and lose it once no work is due."""
    return IndexModel(_keys(field), sparse=True)


def _lapsing(field: str) -> IndexModel:
    """Return an index by which MongoDB removes documents at that time."""
    return IndexModel(_keys(field), expireAfterSeconds=0)


#: In plan order within a slot set and state. The kind lets an order's progress be counted without its texts.
STEPS_BY_REPORT = _keys("report", "slot", "state", "seq", "kind")

#: The time for which settled alerts are kept: a year.
_SETTLED_FOR_S = 365 * 24 * 3600

#: By collection.
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    # Events to be applied or old enough to be removed, and the events of a customer. Stripe waits for both. Then
    # those of sessions whose price is still to be asked for.
    "events": [
        _index("state", "received_at"),
        _index("about"),
        _partial(["due_at"], {"state": "ignored", "due_at": {"$exists": True}}),
    ],
    # Stripe waits for each of these. A link names one order, refunds name the payment, operators list the newest
    # and sum up days, a few have errands due, need a person, or are open; operators look for addresses and names.
    "orders": [
        IndexModel(_keys("token"), unique=True),
        _index("payment_intent"),
        _index("-placed_at"),
        _index("paid_at", "tenant"),
        _sparse("errands_at"),
        _partial(["-paid_at"], MARKS, name="marked"),
        _partial(["paid_at"], OPEN),
        IndexModel(_keys("email"), collation=SAME_ADDRESS),
        IndexModel(_keys("gift.email"), collation=SAME_ADDRESS, sparse=True),
        IndexModel(_keys("answers.name"), collation=SAME_NAME),
    ],
    # Each holds the reports of one state, so that Stripe waits for the first alone. Messages that should have been
    # taken; a tenant's next; the sweep's way through the running ones; estimates, and the newest PDFs.
    "reports": [
        _partial(["state", "check_at"], {"check_at": {"$exists": True}}),
        _partial(["state", "tenant", "queued_at"], {"state": "waiting"}, name="waiting"),
        _partial(["state", "_id"], {"state": "running", "stopped": False}),
        _partial(["product", "-stored_at"], {"stored_at": {"$exists": True}}),
    ],
    # Every transition of a step writes both, so there is no third.
    "steps": [IndexModel(STEPS_BY_REPORT), _index("state", "due_at")],
    # Costs of an order, and of a period.
    "ledger": [_index("order", "opened_at"), _index("opened_at")],
    # The letters of an order, the one of a Message-ID, the few that a mail server has said no to, and the
    # latest of a state.
    "deliveries": [_index("order"), _index("message_id"), _partial(["state"], SAID_NO), _index("state", "-until")],
    # All, the open ones, those of a cause and an order's, each the newest first; few are written. The causes are
    # counted on the third alone.
    "dead_letters": [
        _index("-at"),
        _index("state", "-at"),
        _index("state", "group", "-at", "order"),
        _index("order", "-at"),
    ],
    # Those to be carried out, and the newest. MongoDB removes quotes that nobody took up.
    "bulks": [_index("state", "began_at"), _index("-made_at"), _lapsing("expires_at")],
    "bulk_chunks": [_lapsing("expires_at")],
    # The due alerts, the number that went out of late, those to be withdrawn, those about accounts, and the newest
    # open ones; few are written.
    "alerts": [
        _index("state", "due_at"),
        _sparse("admitted_at"),
        _index("order", "seen"),
        _index("event", "seen"),
        _sparse("met_by"),
        _index("kind", "met_at"),
        _index("state", "-at"),
    ],
    # The latest first, and those about an order; MongoDB removes the old ones.
    "settled_alerts": [IndexModel(_keys("-settled_at"), expireAfterSeconds=_SETTLED_FOR_S), _index("order")],
    # Forms that were never paid for are removed by their age.
    "answers": [_index("at")],
    # What operators did about an order.
    "audit": [_index("order", "at")],
    # MongoDB removes those that have ended.
    "sign_ins": [_lapsing("until")],
    "tallies": [_lapsing("until")],
}
