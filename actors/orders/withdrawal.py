"""Confirms withdrawals from the contract by mail."""

from datetime import datetime

from actors.deps.worker import WorkDeps
from actors.mail.ending import withdrawal
from actors.orders.mailing import deliver
from storage.records.orders import Order


async def confirm_withdrawal(deps: WorkDeps, order: Order) -> datetime | None:
    """Send the receipt for a withdrawal, once. Without an address there is no receipt but the page."""
    at, now = order.get("withdrawn_at"), deps.clock.now()
    if at is None or not order["email"]:
        return None
    name = "withdrawal"
    mail = await deliver(deps, order, "confirm_withdrawal", name, lambda: withdrawal(deps, order, at, now))
    return mail.again_at
