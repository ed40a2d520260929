"""Installation: when it was started first. What Stripe knows of earlier days was dealt with elsewhere."""

from datetime import datetime

from storage.database import Database, insert_once
from storage.records.work import Installation

_KEY = "installation"


async def started_at(db: Database) -> datetime | None:
    """Return when the installation was started first. None if that is not recorded yet."""
    found = await db.installation.find_one({"_id": _KEY})
    return found["first_started_at"] if found else None


async def first_start(db: Database, now: datetime) -> datetime:
    """Return when the installation was started first.

    If that was not recorded before, it was at `now`, or when its first order was placed if that was earlier.
    """
    if (began := await started_at(db)) is not None:
        return began
    oldest = await db.orders.find().sort("placed_at").limit(1).to_list()
    began = min([now, *(order["placed_at"] for order in oldest)])
    new: Installation = {"_id": _KEY, "first_started_at": began}
    await insert_once(db.installation, new)
    return began
