"""Forms that were filled in and never paid for."""

from actors.deps.process import Deps
from storage.answers import KEPT_FOR, drop_forms

#: Removed in one round: 288,000 a day, in commands that nobody notices.
_DROPPED = 2000


async def drop_old_forms(deps: Deps) -> None:
    """Remove the oldest forms that no payment will ask for any more."""
    await drop_forms(deps.db, deps.clock.now() - KEPT_FOR, _DROPPED)
