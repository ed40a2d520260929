"""Orders whose reports are all stored and whose letter is overdue."""

from actors.deps import Deps
from actors.engine.finish import send_letter
from storage.orders import LETTER_CHECK, delay_letter, due_letters

_BATCH = 500


async def send_due_letters(deps: Deps) -> None:
    """Wake a worker again for each; sending is claimed, so twice does no harm."""
    now = deps.clock.now()
    for order in await due_letters(deps.db, now, _BATCH):
        await delay_letter(deps.db, order["_id"], now + LETTER_CHECK)
        await send_letter(deps, order["_id"])
