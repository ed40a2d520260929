"""PDFs that S3 has lost: those that are likely to be asked for are looked for before anybody does."""

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from actors.reports.lost_books import ask_for_reprint, is_lost
from storage.reports import newest_stored

#: Customers open what is new. Older ones are noticed by whoever does: to look for all, for ever, would also bring
#: back what a bucket's own rules let go.
_NEWEST = 100
#: In one round, so that chapters of fresh orders do not stand behind a whole bucket that was lost.
_AT_ONCE = 10


async def seek_lost_books(deps: Deps) -> None:
    """Ask for the newest reports' PDFs to be made again where they are lost; one question to S3 for each."""
    asked = 0
    for report in await newest_stored(deps.db, list(PRODUCTS), _NEWEST):
        if asked < _AT_ONCE and await is_lost(deps, report):
            await ask_for_reprint(deps, report["order"])
            asked += 1
