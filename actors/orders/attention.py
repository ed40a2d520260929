"""What takes an order off an operator's list, and what keeps it there."""

from actors.deps.process import Deps
from storage.budget import is_paused
from storage.dead_letters import dead_letters
from storage.orders import call_operator, end_failure, fail_order, find_order, release_operator

_MOST = 1000


async def release(deps: Deps, order_id: str, reason: str) -> None:
    """Take an order off the list as far as it is on it for that reason, and what else is dead keeps it there."""
    await release_operator(deps.db, order_id, reason)
    order = await find_order(deps.db, order_id)
    if order is None:
        return
    left = await dead_letters(deps.db, limit=_MOST, order=order_id, state="open")
    failing = [letter for letter in left if letter["fails"]]
    if not failing and not is_paused(order) and order["objection"] is None:
        await end_failure(deps.db, order)
    for letter in (failing or left)[:1]:
        again = fail_order if failing else call_operator
        await again(deps.db, order_id, letter["reason"], deps.clock.now())
