"""Sees to the bulk work that operators began."""

from functools import partial

from actors.deps.process import Deps
from actors.orders.bulk import carry_out
from actors.sweep.items import see_to_each
from storage.bulk import running_bulks

#: Bulks that are carried out side by side.
_AT_ONCE = 10


async def carry_out_bulks(deps: Deps) -> None:
    """See to a few letters of each bulk that is under way."""
    await see_to_each(deps, await running_bulks(deps.db, _AT_ONCE), partial(carry_out, deps))
