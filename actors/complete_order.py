"""All reports stored: choose the one letter, send it once, and the order is delivered."""

import asyncio
from datetime import timedelta

import structlog

from actors.engine.finish import send_letter
from actors.engine.insist import insist
from actors.letters.compose import completion, letter_id
from actors.work_deps import WorkDeps
from infra.errors import PermanentError, TransientError
from infra.mail.letter import Letter
from storage.database import Document
from storage.dead_letters import record_dead_order
from storage.deliveries import (
    claim_delivery,
    find_delivery,
    mark_sent,
    postpone_delivery,
    refuse_delivery,
    retake_delivery,
    start_sending,
)
from storage.orders import call_operator, choose_letter, delay_letter, drop_letter, find_order, mark_delivered
from storage.reports import reports_of

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


async def complete_order(deps: WorkDeps, order_id: str) -> None:
    """Send the completion mail of an order whose reports are all stored, if nobody else does."""
    order = await find_order(deps.db, order_id)
    if order is None or order["delivered_at"] is not None:
        return
    if deps.stopping.is_set():
        await send_letter(deps, order_id)  # another worker's
        return
    if not await choose_letter(deps.db, order_id, "completion"):
        return
    delivery = await _take(deps, order_id)
    if delivery is not None:
        letter = completion(deps.settings, order, await reports_of(deps.db, [order_id]), deps.clock.now())
        await _send(deps, delivery, letter)
    elif await _is_sent(deps, order_id):
        await mark_delivered(deps.db, order_id, deps.clock.now())


async def _take(deps: WorkDeps, order_id: str) -> Document | None:
    now = deps.clock.now()
    until = now + timedelta(seconds=_SEND_S) + _MARGIN
    message_id = letter_id(deps.settings, order_id, "completion")
    fresh = await claim_delivery(deps.db, order_id, "completion", message_id, until)
    return fresh or await retake_delivery(deps.db, order_id, "completion", now, until)


async def _is_sent(deps: WorkDeps, order_id: str) -> bool:
    delivery = await find_delivery(deps.db, order_id, "completion")
    return delivery is not None and delivery["state"] == "sent"


async def _send(deps: WorkDeps, delivery: Document, letter: Letter) -> None:
    deadline = deps.clock.monotonic() + _SEND_S
    until = deps.clock.now() + timedelta(seconds=_SEND_S) + _MARGIN
    if not await start_sending(deps.db, delivery, until):
        return
    try:
        answer = await _to_the_end(deps, letter, deadline)
    except TransientError as error:
        await _postpone(deps, delivery, str(error))
    except PermanentError as error:
        # A server's words may quote the address: they are for the operator, not for the log.
        log.error("mail_refused", order=letter.order)
        await refuse_delivery(deps.db, delivery, str(error))
        await drop_letter(deps.db, letter.order)
        await record_dead_order(deps.db, letter.order, str(error), "", deps.clock.now())
        await call_operator(deps.db, letter.order, f"The {letter.kind} mail was refused: {error}")
    else:
        await _record(deps, delivery, answer)


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


async def _record(deps: WorkDeps, delivery: Document, answer: str) -> None:
    now = deps.clock.now()
    await insist(deps.clock, lambda: mark_sent(deps.db, delivery["_id"], answer, now))
    await mark_delivered(deps.db, delivery["order"], now)
    log.info("order_delivered", order=delivery["order"])


async def _postpone(deps: WorkDeps, delivery: Document, error: str) -> None:
    pause_s = min(_FIRST_PAUSE_S * 2 ** min(delivery["tries"], 10), _LONGEST_PAUSE_S)
    due_at = deps.clock.now() + timedelta(seconds=pause_s)
    log.warning("mail_postponed", order=delivery["order"], again_in_s=pause_s)
    await postpone_delivery(deps.db, delivery, due_at, error)
    await delay_letter(deps.db, delivery["order"], due_at)
    if delivery["tries"] >= _WORRYING_TRIES:
        await call_operator(deps.db, delivery["order"], f"The {delivery['kind']} mail cannot be sent: {error}")
