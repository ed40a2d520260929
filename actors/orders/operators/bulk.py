"""Bulk work: quotes many dead letters or refunds at once, and has the sweep see to them, behind all fresh work."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from actors.deps.process import Deps
from actors.orders.operators.dead_letters import DeadLetterIsNotOpen, resolve_dead_letter
from actors.orders.operators.matching import Filter, OpenOrders, matching
from actors.orders.operators.quote import quote_dead
from actors.orders.operators.refund import begin_refund, quote_refunds
from actors.orders.operators.replays import expect_same
from actors.orders.operators.tally import Quote
from actors.products.catalogue import MAIL_QUEUE, queues_of
from actors.reports.replay import ReplayIsUnderWay, Words
from infra.errors import PressroomError, TransientError, describe
from infra.logs import log
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
from storage.dead_letters import letters_by_ids
from storage.grouping import grouped
from storage.orders import find_orders
from storage.records.bulk import Bulk, BulkAction, BulkChunk, BulkState

#: The letters of a chunk.
_IN_CHUNK = 500
#: How long a quote may be taken up, and how long a sweep that died keeps others from going on.
_LASTS, _HELD_FOR = timedelta(days=1), timedelta(seconds=10)
#: The letters of one that are replayed or discarded in a round.
_REPLAYED, _DISCARDED = 20, 200
#: The messages that wait in a product's queue while letters of it may still be replayed: a worker takes more at
#: once, so that its fresh orders do not notice.
_FEW = 16
_NOUNS: dict[BulkAction, str] = {"replayed": "dead letter", "discarded": "dead letter", "refunded": "order"}
_TURNS: dict[str, tuple[tuple[BulkState, ...], BulkState]] = {
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "cancel": (("quoted", "running", "paused"), "cancelled"),
}


class NothingMatches(PressroomError):
    """No open dead letter, or no open order, is like that."""


class BulkIsNotLikeThat(PressroomError):
    """The bulk does not exist, or is not in a state in which that can be done."""


async def make_bulk(deps: Deps, wanted: Filter | OpenOrders, action: BulkAction, words: Words = "pinned") -> str:
    """Quote the closing of all dead letters, or the refunds of all orders, that match: the oldest 10,000 at most.

    Returns the id of the bulk, in which they are frozen. NothingMatches if there is none.
    """
    letters = await matching(deps, wanted)
    if not letters:
        raise NothingMatches(f"No open {_NOUNS[action]} matches: {wanted}.")
    quote = await quote_all(deps, letters, action, words)
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
    if words == "today":
        bulk["today"] = True
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


async def quote_all(deps: Deps, letters: Sequence[str], action: BulkAction, words: Words) -> Quote:
    """Return the quote for all of one bulk: its dead letters, or orders to be refunded."""
    if action == "refunded":
        return await quote_refunds(deps, letters)
    return await quote_dead(deps, letters, action, words)


async def take_up_bulk(deps: Deps, bulk_id: str, fingerprint: str, authority: Authority) -> None:
    """Have a bulk carried out as it was quoted, with an entry in the audit trail.

    QuoteHasChanged, and the bulk has a new quote, if anything of it has changed. BulkIsNotLikeThat if it is begun.
    """
    bulk = await find_bulk(deps.db, bulk_id)
    letters = await letters_left(deps.db, bulk_id)
    if bulk is None or bulk["state"] != "quoted" or not letters:
        raise BulkIsNotLikeThat(f"There is no quote {bulk_id} that can be taken up.")
    quote = await quote_all(deps, letters, bulk["action"], _words_of(bulk))
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
    queues, done = await _standing(deps, bulk, chunk["left"])
    due = await _due(deps, bulk, queues)
    due += [letter for letter in chunk["left"] if letter not in queues]
    quote = await quote_all(deps, due, bulk["action"], _words_of(bulk))
    for letter in due:
        if not await hold():  # it was paused or cancelled
            return
        try:
            why = None
            if letter not in done:  # else a sweep died after it was
                why = quote.refused.get(letter) or await _close(deps, bulk, letter)
        except ReplayIsUnderWay:
            continue
        await settle_letter(deps.db, chunk["_id"], letter, why)


def _words_of(bulk: Bulk) -> Words:
    return "today" if bulk.get("today") else "pinned"


async def _standing(deps: Deps, bulk: Bulk, letters: Sequence[str]) -> tuple[dict[str, str], set[str]]:
    """Return those letters, or orders, that are there, with the queue of what follows; and those that are done."""
    if bulk["action"] == "refunded":
        orders = await find_orders(deps.db, letters)
        chosen = {one["_id"] for one in orders if one["letter"] == "refund"}
        return {one["_id"]: MAIL_QUEUE for one in orders}, chosen
    found = await letters_by_ids(deps.db, letters)
    done = {one["_id"] for one in found if one["state"] == bulk["action"]}
    return {one["_id"]: one["product"] or MAIL_QUEUE for one in found}, done


async def _due(deps: Deps, bulk: Bulk, queues: Mapping[str, str]) -> list[str]:
    """Return the letters that may be seen to now: few, and none of a queue in which much waits."""
    if bulk["action"] == "discarded":
        return list(queues)[:_DISCARDED]
    due: list[str] = []
    for queue, alike in grouped(list(queues), queues.__getitem__).items():
        waiting = [await asyncio.to_thread(deps.broker.waiting, one) for one in queues_of(queue)]
        room = max(0, _FEW - sum(waiting))
        due += alike[:room]
    return due[:_REPLAYED]


async def _close(deps: Deps, bulk: Bulk, letter: str) -> str | None:
    """Close a letter, or refund an order. Returns why that cannot be, or None.

    TransientError if it may be done later.
    """
    authority = Authority(bulk["who"], bulk["reason"])
    try:
        if bulk["action"] == "refunded":
            await begin_refund(deps, letter, authority)
            return None
        await resolve_dead_letter(deps, letter, bulk["action"], authority, _words_of(bulk))
    except (TransientError, ReplayIsUnderWay):
        raise
    except DeadLetterIsNotOpen as error:  # another of its report was replayed in today's words, and closed it
        _, done = await _standing(deps, bulk, [letter])
        return None if letter in done else str(error)
    except PressroomError as error:
        return describe(error)
    except Exception as error:
        log.exception("letter_not_closed", letter=letter)
        return describe(error)
    return None
