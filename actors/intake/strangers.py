"""Finds paid orders that Stripe does not know: of another mode or account, or forged by who has our secret."""

from datetime import datetime

from actors.deps.process import Deps
from infra.stripe.client import NoSuchObject, Stripe
from storage.orders import orders_placed

#: The orders that are looked at, newest first, and those of them that Stripe is asked for by name.
_MOST, _MOST_ASKED = 10_000, 100


async def unknown_to_stripe(deps: Deps, stripe: Stripe, since: datetime) -> list[str]:
    """Return the paid orders placed since then that Stripe does not know, at most 100. Changes nothing.

    TransientError if Stripe or MongoDB does not answer.
    """
    known = {session["id"] async for session in stripe.complete_sessions(int(since.timestamp()))}
    orders = await orders_placed(deps.db, since, deps.clock.now(), (), _MOST)
    # A session may be a day older than its order, and is not in the list then.
    doubtful = [order["_id"] for order in orders if order["paid_at"] and order["_id"] not in known]
    return [order for order in doubtful[:_MOST_ASKED] if not await _is_known(stripe, order)]


async def _is_known(stripe: Stripe, order: str) -> bool:
    try:
        await stripe.session(order)
    except NoSuchObject:
        return False
    return True
