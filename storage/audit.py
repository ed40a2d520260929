"""Who did what to an order, and why."""

from datetime import datetime
from typing import NamedTuple

from storage.database import Database, translating


class Warrant(NamedTuple):
    """On whose word something is done, and why."""

    who: str
    reason: str


@translating
async def record_action(
    db: Database, warrant: Warrant, action: str, order: str | None, subject: str, now: datetime
) -> None:
    """Add an operator's action to the trail; nothing ever changes or removes one."""
    done = {"action": action, "order": order, "subject": subject, "at": now}
    await db.audit.insert_one({**warrant._asdict(), **done})
