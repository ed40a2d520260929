"""Audit trail: the actions of operators on orders, with their reasons."""

from datetime import datetime
from typing import NamedTuple

from storage.database import Database
from storage.records.mail import Action

#: Of one order, the most actions that are shown.
_MOST = 500


class Authority(NamedTuple):
    """Operator on whose word an action is done, and the reason."""

    who: str
    reason: str


async def record_action(
    db: Database, authority: Authority, action: str, order: str | None, subject: str, now: datetime
) -> None:
    """Add an operator's action to the trail. No code ever changes or removes one."""
    who, reason = authority
    await db.audit.insert_one(
        {"who": who, "reason": reason, "action": action, "order": order, "subject": subject, "at": now}
    )


async def actions_on(db: Database, order: str) -> list[Action]:
    """Return the actions on an order, the oldest first."""
    return await db.audit.find({"order": order}).sort("at").limit(_MOST).to_list()
