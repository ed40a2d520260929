"""Changes of orders as they happen, by MongoDB's change stream."""

from collections.abc import Callable
from typing import Any

from storage.database import Database, translating

#: Collections whose ids begin with an order's, as far as they are about one.
_WATCHED = ("orders", "reports", "steps", "deliveries", "dead_letters")
_WRITES = ("insert", "update", "replace")


@translating
async def follow_changes(db: Database, tell: Callable[[str], None]) -> None:
    """Call `tell` with an order's id at each write to it, its reports, steps, letters and dead letters.

    Goes on until it is cancelled, through elections as well. DatabaseIsDown after a longer outage.
    """
    writes = {"operationType": {"$in": _WRITES}, "ns.coll": {"$in": _WATCHED}}
    pipeline: list[dict[str, Any]] = [{"$match": writes}, {"$project": {"documentKey": 1}}]
    everything = db.client.get_database(db.orders.database.name)
    async with await everything.watch(pipeline) as changes:
        while changes.alive:
            # The driver's time limit is for each of these calls. A loop over the stream would be one call.
            change = await changes.try_next()
            if change is not None:
                tell(str(change["documentKey"]["_id"]).partition(":")[0])
