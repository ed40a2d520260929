"""Bulk work: quotes many dead letters at once, and has the sweep close them, behind all fresh work."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from actors.deps.process import Deps
from actors.orders.dead_letters import resolve_dead_letter
from actors.orders.quote import quote_dead
from actors.orders.replays import expect_same
from actors.products.catalogue import MAIL_QUEUE, queues_of
from actors.reports.replay import ReplayIsUnderWay
from infra.errors import PressroomError, TransientError, describe
from storage.audit import Authority, record_action
from storage.bulk import (
    begin_bulk,
    find_bulk,
    hold_bulk,
    keep_bulk,
    leave_bulk,
    letters_left,
    next_chunk,
    requote_bulk,
    settle_letter,
    turn_bulk,
)
from storage.dead_groups import UNGROUPED, dead_groups, letters_of_groups, orders_of_tenant
from storage.dead_letters import letters_by_ids
from storage.grouping import grouped
from storage.records.bulk import Bulk, BulkChunk, BulkState, Closing
from storage.records.mail import DeadLetter

log = structlog.get_logger()

#: The most letters of one bulk, of one of its chunks, and those that are looked through for a filter.
MOST, _IN_CHUNK, _MOST_READ = 10_000, 500, 100_000
_MOST_GROUPS = 1000
#: How long a quote may be taken up, and how long a sweep that died keeps others from going on.
_LASTS, _HELD_FOR = timedelta(days=1), timedelta(seconds=10)
#: The letters of one that are replayed or discarded in a round.
_REPLAYED, _DISCARDED = 20, 200
#: The messages that wait in a product's queue while letters of it may still be replayed: a worker takes more at
#: once, so that its fresh orders do not notice.
_FEW = 16
_TURNS: dict[str, tuple[tuple[BulkState, ...], BulkState]] = {
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("quoted", "running", "paused"), "cancelled"),
}


class NothingMatches(PressroomError):
    """No open dead letter is like that."""


class BulkIsNotLikeThat(PressroomError):
    """The bulk does not exist, or is not in a state in which that can be done."""


@dataclass(frozen=True)
class Filter:
    """Filter of open dead letters. Without any of it all match."""

    group: str | None = None
    product: str | None = None
    model: str | None = None
    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        """Return it in words."""
        parts = [f"{name} {value}" for name, value in vars(self).items() if value is not None]
        return ", ".join(parts) or "every dead letter"


async def make_bulk(deps: Deps, wanted: Filter, action: Closing) -> str:
    """Quote the closing of all dead letters that match a filter, the oldest 10,000 at most.

    Returns the id of the bulk, in which they are frozen. NothingMatches if there is none.
    """
    letters = await matching(deps, wanted)
    if not letters:
        raise NothingMatches(f"No open dead letter matches: {wanted}.")
    quote = await quote_dead(deps, letters, action)
    now = deps.clock.now()
    bulk: Bulk = {
        "_id": f"{now:%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:6]}",
        "action": action,
        "about": str(wanted),
        "quote": quote.facts,
        "state": "quoted",
        "made_at": now,
        "expires_at": now + _LASTS,
    }
    await keep_bulk(deps.db, bulk, [_chunk(bulk, letters, start) for start in range(0, len(letters), _IN_CHUNK)])
    return bulk["_id"]


def _chunk(bulk: Bulk, letters: Sequence[str], start: int) -> BulkChunk:
    return {
        "_id": f"{bulk['_id']}:{start:05}",
        "left": [*letters[start : start + _IN_CHUNK]],
        "done": 0,
        "failed": [],
        "expires_at": bulk["expires_at"],
    }


async def matching(deps: Deps, wanted: Filter) -> list[str]:
    """Return the open dead letters that match, the oldest 10,000 at most, those of one order side by side."""
    groups = await _groups(deps, wanted)
    found = await letters_of_groups(deps.db, groups, wanted.since, wanted.until, _MOST_READ)
    if wanted.tenant is not None:
        named = {one.order for one in found if one.order is not None}
        of_tenant = await orders_of_tenant(deps.db, named, wanted.tenant)
        found = [one for one in found if one.order in of_tenant]
    return sorted(one.letter for one in found[:MOST])


async def _groups(deps: Deps, wanted: Filter) -> list[str | None] | None:
    """Return the groups that match. None if the filter says nothing of them."""
    named = [wanted.group if wanted.group != UNGROUPED else None]
    if wanted.product is None and wanted.model is None:
        return named if wanted.group is not None else None
    alike = []
    for group in await dead_groups(deps.db, _MOST_GROUPS):
        fits = wanted.product in {None, group.sample["product"]} and wanted.model in {
            None,
            group.sample.get("model"),
        }
        if fits and group.group is not None and (wanted.group is None or group.group in named):
            alike.append(group.group)
    return [*alike]


async def take_up_bulk(deps: Deps, bulk_id: str, fingerprint: str, authority: Authority) -> None:
    """Have a bulk carried out as it was quoted, with an entry in the audit trail.

    QuoteHasChanged, and the bulk has a new quote, if anything of it has changed. BulkIsNotLikeThat if it is begun.
    """
    bulk = await find_bulk(deps.db, bulk_id)
    letters = await letters_left(deps.db, bulk_id)
    if bulk is None or bulk["state"] != "quoted" or not letters:
        raise BulkIsNotLikeThat(f"There is no quote {bulk_id} that can be taken up.")
    quote = await quote_dead(deps, letters, bulk["action"])
    await requote_bulk(deps.db, bulk_id, quote.facts)
    expect_same(quote, fingerprint)
    subject = f"bulk {bulk_id}: {len(letters)} to be {bulk['action']}"
    await record_action(deps.db, authority, "begun", None, subject, deps.clock.now())
    if not await begin_bulk(deps.db, bulk_id, *authority, deps.clock.now()):
        raise BulkIsNotLikeThat(f"Somebody else has just begun {bulk_id}.")


async def turn(deps: Deps, bulk_id: str, verb: str, authority: Authority) -> None:
    """Pause, resume or cancel a bulk, with an entry in the audit trail. BulkIsNotLikeThat if that cannot be."""
    if verb not in _TURNS:
        raise BulkIsNotLikeThat("Bulk work is paused, resumed or cancelled.")
    seen, state = _TURNS[verb]
    if not await turn_bulk(deps.db, bulk_id, seen, state):
        raise BulkIsNotLikeThat(f"There is no bulk work {bulk_id} that is {' or '.join(seen)}.")
    await record_action(deps.db, authority, verb, None, f"bulk {bulk_id}", deps.clock.now())


async def carry_out(deps: Deps, bulk: Bulk) -> None:
    """See to a few letters of a bulk, unless another sweep does. Any may die at that."""
    holder = uuid.uuid4().hex
    hold = partial(_hold, deps, bulk["_id"], holder)
    if await hold():
        chunk = await next_chunk(deps.db, bulk["_id"])
        if chunk is not None:
            await _see_to(deps, bulk, chunk, hold)
        await leave_bulk(deps.db, bulk["_id"], holder, None if chunk else deps.clock.now())


async def _hold(deps: Deps, bulk: str, holder: str) -> bool:
    now = deps.clock.now()
    return await hold_bulk(deps.db, bulk, holder, now, now + _HELD_FOR)


async def _see_to(deps: Deps, bulk: Bulk, chunk: BulkChunk, hold: Callable[[], Awaitable[bool]]) -> None:
    found = {letter["_id"]: letter for letter in await letters_by_ids(deps.db, chunk["left"])}
    due = await _due(deps, bulk, list(found.values()))
    due += [letter for letter in chunk["left"] if letter not in found]
    quote = await quote_dead(deps, due, bulk["action"])
    for letter in due:
        if not await hold():  # it was paused or cancelled
            return
        try:
            why = None
            if letter not in found or found[letter]["state"] != bulk["action"]:  # else a sweep died after it was
                why = quote.refused.get(letter) or await _close(deps, bulk, letter)
        except ReplayIsUnderWay:
            continue
        await settle_letter(deps.db, chunk["_id"], letter, why)


async def _due(deps: Deps, bulk: Bulk, letters: Sequence[DeadLetter]) -> list[str]:
    """Return the letters that may be seen to now: few, and none of a queue in which much waits."""
    if bulk["action"] == "discarded":
        return [letter["_id"] for letter in letters][:_DISCARDED]
    due: list[str] = []
    for queue, alike in grouped(letters, lambda letter: letter["product"] or MAIL_QUEUE).items():
        waiting = [await asyncio.to_thread(deps.broker.waiting, one) for one in queues_of(queue)]
        room = max(0, _FEW - sum(waiting))
        due += [letter["_id"] for letter in alike][:room]
    return due[:_REPLAYED]


async def _close(deps: Deps, bulk: Bulk, letter: str) -> str | None:
    """Close a letter. Returns why it cannot be closed, or None. TransientError if it may be closed later."""
    try:
        await resolve_dead_letter(deps, letter, bulk["action"], Authority(bulk["who"], bulk["reason"]))
    except (TransientError, ReplayIsUnderWay):
        raise
    except PressroomError as error:
        return describe(error)
    except Exception as error:
        log.exception("letter_not_closed", letter=letter)
        return describe(error)
    return None
