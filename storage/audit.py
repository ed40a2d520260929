"""Who did what to an order, and why."""

from datetime import datetime

from storage.database import Database, translating


@translating
async def record_action(
    db: Database, *, who: str, action: str, order: str | None, subject: str, reason: str, now: datetime
) -> None:
    """Add an operator's action to the trail; nothing ever changes or removes one."""
    await db.audit.insert_one(
        {"who": who, "action": action, "order": order, "subject": subject, "reason": reason, "at": now}
    )
