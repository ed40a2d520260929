"""Withdrawals from the contract, as customers declare them. Their errands are the receipt and the refund."""

from typing import Literal
from zoneinfo import ZoneInfo

from actors.deps.process import Deps
from actors.messages import send_errand
from actors.orders.hindrances import is_made, why_not_refundable
from infra.logs import log
from storage.alerts import raise_alert, withdraw_alert
from storage.audit import Authority, record_action
from storage.order_state import REQUESTS, is_refunded, paid_day, was_delivered
from storage.records.orders import CUSTOMER, Order
from storage.withdrawals import record_withdrawal

#: The customer may withdraw, has lost the right to, or has withdrawn.
Right = Literal["open", "lost", "used"]


def right_of(deps: Deps, order: Order) -> Right | None:
    """Return how a customer's right of withdrawal stands. None where there is none, or it was not used in time.

    Who agreed that work begins at once loses it with the delivery.
    """
    if "withdrawn_at" in order:
        return "used"
    days = deps.tenants.of(order["tenant"]).withdrawal_days
    if days is None or order["paid_at"] is None or "forgotten_at" in order:
        return None
    today = deps.clock.now().astimezone(ZoneInfo(order.get("timezone", "UTC"))).date()
    if is_refunded(order) or order["dispute_lost"] or (today - paid_day(order)).days > days:
        return None
    return "lost" if "consent" in order and was_delivered(order) else "open"


async def is_ours_to_refund(deps: Deps, order: Order) -> bool:
    """Return whether a withdrawal is a refund by itself: no report is made, and it was surely our sale."""
    if order["objection"] is not None or why_not_refundable(order) is not None:
        return False
    return not await is_made(deps, order)


async def withdraw(deps: Deps, order: Order, *, told: bool | None = None) -> bool:
    """Withdraw from an order's contract, which must be open to that. False if the order has changed.

    All of the money goes back if that is ours to do. An operator sees to it otherwise. `told` is which of the two
    its customer was told, if that is known: it is false as well if the other one holds by now.
    """
    now, order_id, refunding = deps.clock.now(), order["_id"], await is_ours_to_refund(deps, order)
    if told not in {None, refunding}:
        return False
    if refunding:
        withdrawn = Authority(CUSTOMER, "withdrew from the contract")
        await record_action(deps.db, withdrawn, "refunded", order_id, "all of it", now)
    else:  # the alert first: a needless one is better than a withdrawal that nobody hears of
        await raise_alert(deps.db, "request", REQUESTS["withdrawal"], now, order=order_id)
    if not await record_withdrawal(deps.db, order, now, refunding=refunding):
        return False
    log.info("order_withdrawn", order=order_id, refunding=refunding)
    if "request" in order:
        await withdraw_alert(deps.db, order_id, REQUESTS[order["request"]["kind"]])
    await send_errand(deps, "confirm_withdrawal", order_id)
    if refunding:
        await send_errand(deps, "refund_order", order_id)
    return True
