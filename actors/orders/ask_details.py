"""Something that a report needs is missing: the customer gets a link to its form."""

from datetime import datetime

from actors.deps.worker import WorkDeps
from actors.mail.progress import details
from actors.orders.mailing import deliver
from storage.database import Document


async def ask_details(deps: WorkDeps, order: Document) -> datetime | None:
    """Send the letter that asks for what is missing, once; nothing if it is there by now."""
    if not order["missing"] or not order["email"] or order["stopped"]:
        return None
    asked = await deliver(deps, order, "ask_details", "details", lambda: details(deps, order, deps.clock.now()))
    return asked.again_at
