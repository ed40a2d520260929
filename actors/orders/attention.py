"""Attention that an order needs of an operator: it ends with the last of its dead letters that is mended."""

from collections.abc import Collection

from actors.deps.process import Deps
from storage.budget import is_paused
from storage.dead_letters import close_dead_letter, dead_letters
from storage.orders import call_operator, end_failure, fail_order, find_order, release_operator

#: The most open dead letters of one order that are looked at.
MOST_OPEN = 1000


async def clear_attention(deps: Deps, order_id: str, reason: str) -> None:
    """Clear an order's need for attention if its reason is the given one, which is mended.

    Another open dead letter of the order puts it back, under the reason of that one.
    """
    await release_operator(deps.db, order_id, reason)
    order = await find_order(deps.db, order_id)
    if order is None:
        return
    still_dead = await dead_letters(deps.db, limit=MOST_OPEN, order=order_id, state="open")
    failing = [letter for letter in still_dead if letter["fails"]]
    if failing:
        await fail_order(deps.db, order_id, failing[0]["reason"], deps.clock.now())
        return
    if not is_paused(order) and order["objection"] is None:
        await end_failure(deps.db, order)
    if still_dead:
        await call_operator(deps.db, order_id, still_dead[0]["reason"], deps.clock.now())


async def close_deaths(
    deps: Deps, order_id: str, *, product: str | None = None, steps: Collection[str] | None = None
) -> None:
    """Close the dead letters of an order's steps that are done again: all, those of a report, or of some steps."""
    for letter in await dead_letters(deps.db, limit=MOST_OPEN, order=order_id, kind="step", state="open"):
        if product in {None, letter["product"]} and (steps is None or letter["step"] in steps):
            await close_dead_letter(deps.db, letter["_id"], "replayed", deps.clock.now())
            await clear_attention(deps, order_id, letter["reason"])
