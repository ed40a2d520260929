"""Views of bulk work, and of the quotes of replays."""

from collections.abc import Sequence
from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.orders import as_text
from storage.bulk import progress_of
from storage.records.bulk import Bulk, QuoteFacts


class BulkView(TypedDict):
    """Bulk work with its quote, and how far it is."""

    id: str
    action: str
    about: str
    state: str
    quote: QuoteFacts
    who: str | None
    reason: str | None
    made_at: str | None
    began_at: str | None
    ended_at: str | None
    left: int
    done: int
    failed: int


async def bulk_view(deps: Deps, bulk: Bulk) -> BulkView:
    """Return a bulk as it stands."""
    progress = await progress_of(deps.db, bulk["_id"])
    return {
        "id": bulk["_id"],
        "action": bulk["action"],
        "about": bulk["about"],
        "state": bulk["state"],
        "quote": bulk["quote"],
        "who": bulk.get("who"),
        "reason": bulk.get("reason"),
        "made_at": as_text(bulk["made_at"]),
        "began_at": as_text(bulk.get("began_at")),
        "ended_at": as_text(bulk.get("ended_at")),
        "left": progress.left,
        "done": progress.done,
        "failed": progress.failed,
    }


async def bulk_views(deps: Deps, bulks: Sequence[Bulk]) -> list[BulkView]:
    """Return the rows of a listing of bulk work."""
    return [await bulk_view(deps, bulk) for bulk in bulks]


def told_quote(facts: QuoteFacts) -> list[tuple[str, str]]:
    """Return a quote in words: each with what it is about."""
    usd = (
        "unknown: the model has no price"
        if facts["usd"] is None
        else f"{facts['usd']:.4f} US dollars at list price"
    )
    mails = ", ".join(f"{count} {kind}" for kind, count in facts["mails"].items())
    words = [
        ("closes", f"{facts['letters']} dead {'letter' if facts['letters'] == 1 else 'letters'}"),
        ("sections reused", f"{facts['reused']}"),
        ("calls to make", f"{facts['calls']}"),
        ("costs", usd),
        ("mails", mails or "none"),
        ("takes about", f"{facts['minutes']} min"),
    ]
    if facts["unknown"]:
        words.append(("not counted", f"what follows from {facts['unknown']} events or messages"))
    if facts["refused"]:
        words.append(("refused", f"{facts['refused']}"))
    return words
