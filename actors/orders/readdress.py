"""Gives an order the right address, and sends there what went to the wrong one."""

from actors.deps.process import Deps
from actors.orders.dead_letters import readdress_order
from actors.orders.hindrances import why_not_resent
from actors.orders.resend import order_resend
from storage.audit import Authority
from storage.orders import find_order


async def readdress_and_send(
    deps: Deps, order_id: str, given: str, authority: Authority, *, of_gift: bool = False
) -> int:
    """Change an order's mail address, and send there what was refused, or else the reports' mail once more.

    With `of_gift` the address is that of a gift's recipient, to whom alone its reports go. Returns the number of
    letters. The old address may have taken the reports' mail: then it is sent again. Raises as a change of the
    address does.
    """
    sent = await readdress_order(deps, order_id, given, authority, of_gift=of_gift)
    order = await find_order(deps.db, order_id)
    if sent or order is None or of_gift != ("gift" in order) or why_not_resent(deps, order):
        return sent
    await order_resend(deps, order_id, authority)
    return 1
