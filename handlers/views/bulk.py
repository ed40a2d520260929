"""Views of bulk work, and of the quotes of replays."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.money import written_sums
from handlers.views.orders import as_text
from storage.bulk import progress_of
from storage.records.bulk import Bulk, OtherWords, QuoteFacts

#: The sections that a quote names of those whose words changed, are new, or are no more.
_MOST = 20


class BulkView(TypedDict):
    """Bulk work with its quote, and how far it is."""

    id: str
    action: str
    today: bool
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
        "today": bulk.get("today", False),
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
    mails = ", ".join(f"{count} {kind}" for kind, count in facts["mails"].items())
    told = [
        *(_told_refunds(facts) if "given_back" in facts else _told_replay(facts)),
        ("mails", mails or "none"),
        ("takes about", f"{facts['minutes']} min"),
    ]
    if "words" in facts:
        told += _told_words(facts["words"])
    if facts["unknown"]:
        told.append(("not counted", f"what follows from {facts['unknown']} events or messages"))
    if facts["refused"]:
        told.append(("refused", f"{facts['refused']}"))
    return told


def _told_refunds(facts: QuoteFacts) -> list[tuple[str, str]]:
    return [
        ("ends", _counted(facts["letters"], "order")),
        ("paid for them", written_sums(facts.get("paid", {})) or "nothing"),
        ("gives back", written_sums(facts.get("given_back", {})) or "nothing"),
    ]


def _told_replay(facts: QuoteFacts) -> list[tuple[str, str]]:
    noun, usd = facts.get("of", "dead letter"), facts["usd"]
    return [
        ("closes" if noun == "dead letter" else "covers", _counted(facts["letters"], noun)),
        ("sections reused", f"{facts['reused']}"),
        ("calls to make", f"{facts['calls']}"),
        ("costs", "unknown: the model has no price" if usd is None else f"{usd:.4f} US dollars at list price"),
    ]


def _told_words(words: OtherWords) -> list[tuple[str, str]]:
    """Return what today's words change: the sections, each with the number of its reports if there are several."""
    named = {"words changed": words["changed"], "new sections": words["new"], "sections no more": words["gone"]}
    told = [(about, _told_sections(sections)) for about, sections in named.items() if sections]
    return [*told, ("bought again for that", _counted(words["rewritten"], "written section"))]


def _told_sections(sections: Mapping[str, int]) -> str:
    most = [name if count == 1 else f"{name} ({count} reports)" for name, count in sections.items()][:_MOST]
    more = len(sections) - len(most)
    return ", ".join(most) + (f" and {more} more" if more else "")


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
