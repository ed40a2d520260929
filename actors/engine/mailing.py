"""T19 to T22: one letter, sent once, whoever is asked to send it and however often."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from actors.engine.insist import insist
from actors.engine.sending import send_errand
from actors.letters.letterhead import letter_id
from actors.work_deps import WorkDeps
from infra.errors import TransientError
from infra.mail.errors import LetterIsRefused
from infra.mail.letter import Letter
from storage.database import Document
from storage.dead_letters import record_dead_errand
from storage.deliveries import (
    claim_delivery,
    find_delivery,
    mark_sent,
    postpone_delivery,
    refuse_delivery,
    retake_delivery,
    start_sending,
)
from storage.errands import Errand, delay_errand, end_errand
from storage.orders import call_operator

log = structlog.get_logger()

#: D of the protocol: all that sending one letter may take, begun before T20, looked at before the final dot. It is
#: shorter than a usual grace period, so that a worker that is told to end knows what became of its letter.
_SEND_S = 20.0
#: Between a sender's deadline and the moment when another may take over.
_MARGIN = timedelta(seconds=30)
#: The pause after a mail server said "not now": doubled with each try.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
#: After so many tries, about half an hour, an operator should know; the tries go on.
_WORRYING_TRIES = 10
#: How long a letter that a dispute holds back is left alone.
HELD_BACK = timedelta(hours=6)


async def deliver(deps: WorkDeps, order_id: str, errand: Errand, name: str, compose: Callable[[], Letter]) -> bool:
    """Send an order's letter of that name, if nobody else is at it; True if the server has accepted it.

    A letter that is put off, or comes while the worker ends, is the sweep's and others', as the errand says; a
    refused one is a dead letter, and its errand is over.
    """
    if deps.stopping.is_set():
        await send_errand(deps, errand, order_id)
        return False
    delivery = await _take(deps, order_id, name)
    if delivery is not None:
        return await _send(deps, errand, delivery, compose())
    present = await find_delivery(deps.db, order_id, name)
    state = present and present["state"]
    if state == "refused":
        await end_errand(deps.db, order_id, errand)
    return state == "sent"


async def _take(deps: WorkDeps, order_id: str, name: str) -> Document | None:
    now = deps.clock.now()
    until = now + timedelta(seconds=_SEND_S) + _MARGIN
    message_id = letter_id(deps.settings, order_id, name)
    fresh = await claim_delivery(deps.db, order_id, name, message_id, until)
    return fresh or await retake_delivery(deps.db, order_id, name, now, until)


async def _send(deps: WorkDeps, errand: Errand, delivery: Document, letter: Letter) -> bool:
    deadline = deps.clock.monotonic() + _SEND_S
    until = deps.clock.now() + timedelta(seconds=_SEND_S) + _MARGIN
    if not await start_sending(deps.db, delivery, until):
        return False
    try:
        answer = await _to_the_end(deps, letter, deadline)
    except TransientError as error:
        await _postpone(deps, errand, delivery, str(error))
        return False
    except LetterIsRefused as error:
        await _refuse(deps, errand, delivery, error)
        return False
    now = deps.clock.now()
    await insist(deps.clock, lambda: mark_sent(deps.db, delivery["_id"], answer, now))
    log.info("mail_sent", order=letter.order, kind=letter.kind)
    return True


async def _to_the_end(deps: WorkDeps, letter: Letter, deadline: float) -> str:
    """Send, and hear the server out even when cancelled: an accepted letter that nobody records is sent twice."""
    sending = asyncio.ensure_future(
        asyncio.to_thread(deps.postman.send, letter, lambda: deadline - deps.clock.monotonic())
    )
    while True:
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            log.warning("mail_outlasts_grace", order=letter.order)


async def _postpone(deps: WorkDeps, errand: Errand, delivery: Document, error: str) -> None:
    pause_s = min(_FIRST_PAUSE_S * 2 ** min(delivery["tries"], 10), _LONGEST_PAUSE_S)
    now = deps.clock.now()
    due_at = now + timedelta(seconds=pause_s)
    log.warning("mail_postponed", order=delivery["order"], again_in_s=pause_s)
    await postpone_delivery(deps.db, delivery, due_at, error)
    await delay_errand(deps.db, delivery["order"], errand, due_at)
    if delivery["tries"] >= _WORRYING_TRIES:
        reason = f"The {delivery['kind']} mail cannot be sent; the server says not now, again and again."
        await call_operator(deps.db, delivery["order"], reason, now)


async def _refuse(deps: WorkDeps, errand: Errand, delivery: Document, error: LetterIsRefused) -> None:
    # A server's words may quote the address: they are in the dead letter, not on pages, in alerts or in the log.
    log.error("mail_refused", order=delivery["order"])
    order_id, now = delivery["order"], deps.clock.now()
    # The record first, the end of the work last: what is interrupted in between is tried, and recorded, again.
    await record_dead_errand(deps.db, order_id, errand, str(error), "", now)
    reason = f"The {delivery['kind']} mail was refused: {error.code}."
    await call_operator(deps.db, order_id, reason, now, kind="bounce")
    await end_errand(deps.db, order_id, errand)
    await refuse_delivery(deps.db, delivery, str(error))
