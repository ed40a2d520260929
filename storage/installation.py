"""Installation: when it was started first. What Stripe knows of earlier days was dealt with elsewhere."""

from datetime import datetime

from storage.database import Database, insert_once, translating
from storage.records.work import Installation

_KEY = "installation"


@translating
async def first_start(db: Database, now: datetime) -> datetime:
    """Return when the installation was started first.

    If that was not recorded before, it was at `now`, or when its first order was placed if that was earlier.
    """
    if (found := await db.installation.find_one({"_id": _KEY})) is not None:
        return found["first_started_at"]
    oldest = await db.orders.find().sort("placed_at").limit(1).to_list()
    started_at = min([now, *(order["placed_at"] for order in oldest)])
    new: Installation = {"_id": _KEY, "first_started_at": started_at}
    await insert_once(db.installation, new)
    return started_at
