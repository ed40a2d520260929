"""Delivery of letters: each once, however many workers are asked to send it, and how often (T19 to T22)."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import NamedTuple

from actors.deps.retrying import until_database_is_back
from actors.deps.worker import WorkDeps
from actors.mail.letterhead import letter_id
from actors.messages import send_errand
from actors.orders.attention import clear_attention
from infra.clock import Clock
from infra.errors import AccountTrouble
from infra.logs import log
from infra.mail.errors import (
    AcceptanceIsUnknown,
    LetterIsRefused,
    MailServerIsAway,
    MailServerIsBusy,
    MailServerRefusesUs,
)
from infra.mail.letter import Letter
from infra.metrics import MAILS
from infra.tracing import span
from storage.alerts import end_account_trouble, keep_account_trouble, tell_account_trouble, waits_for_account
from storage.dead_letters import record_dead_errand
from storage.deliveries import (
    claim_delivery,
    find_delivery,
    hasten_delivery,
    mark_sent,
    postpone_delivery,
    refuse_delivery,
    retake_delivery,
    start_sending,
)
from storage.errands import ERRAND_CHECK, delay_errand
from storage.order_state import paid_at
from storage.orders import call_operator
from storage.records.mail import Delivery
from storage.records.orders import Errand, Order

#: D of the protocol: the limit for sending one letter, begun before T20, looked at before the final dot. It is
#: shorter than a usual grace period, so that a worker that is told to end knows the fate of its letter.
_SEND_S = 20.0
#: The time between a sender's deadline and the moment when another worker may take over.
_MARGIN = timedelta(seconds=30)
#: The pause after a mail server said "not now". It doubles with each try.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
#: The number of tries, about half an hour, after which an operator should know. The tries go on.
_WORRYING_TRIES = 10
#: The same where the server had the letter and its answer is unknown, since each try may be one more letter: a
#: server that was only slow for as long as it was listened to has answered by then, and the next is spared.
_FIRST_DOUBT_S, _LONGEST_DOUBT_S, _WORRYING_DOUBTS = 30.0, 3600.0, 3
#: The kind of success by which a process knows that the mail server takes letters.
_MAIL = "mail"
#: The time for which a letter that a dispute holds back is left alone, at least.
HELD_BACK = timedelta(hours=6)
#: The part of an order's age by which it is looked at later. A lost dispute lasts for ever.
_LATER = 1 / 4


class Delivered(NamedTuple):
    """Outcome of sending a letter. `again_at` is None if the server refused it for good."""

    sent: bool
    again_at: datetime | None


_SENT, _REFUSED = Delivered(sent=True, again_at=None), Delivered(sent=False, again_at=None)


def look_again_at(order: Order, now: datetime, at_least: timedelta = HELD_BACK) -> datetime:
    """Return when to look again at an order that waits for a bank or an operator: the older it is, the later."""
    return now + max(at_least, (now - paid_at(order)) * _LATER)


async def deliver(
    deps: WorkDeps, order: Order, errand: Errand, name: str, compose: Callable[[], Letter]
) -> Delivered:
    """Send an order's letter of that name, unless another worker sends it.

    A refused one is the errand's dead letter. It is put off if too many letters wait for the server's answer.
    """
    async with deps.letters.place() as free:
        if not free:
            return Delivered(sent=False, again_at=deps.clock.now() + ERRAND_CHECK)
        delivery = await _take(deps, order["_id"], name)
        if delivery is not None:
            return await _send(deps, order, errand, delivery, compose())
    present = await find_delivery(deps.db, order["_id"], name)
    state = present["state"] if present else ""
    if state == "sent":
        return _SENT
    if state == "refused":
        return _REFUSED
    return _left_to_others(order, errand)


def as_it_stands(order: Order, errand: Errand) -> datetime | None:
    """Return the time that an errand has now, for a caller that must not change it."""
    due_at: datetime | None = order["errands"].get(errand)
    return due_at


def _left_to_others(order: Order, errand: Errand) -> Delivered:
    return Delivered(sent=False, again_at=as_it_stands(order, errand))


async def _take(deps: WorkDeps, order_id: str, name: str) -> Delivery | None:
    now = deps.clock.now()
    until = now + timedelta(seconds=_SEND_S) + _MARGIN
    message_id = letter_id(deps.settings, order_id, name)
    fresh = await claim_delivery(deps.db, order_id, name, message_id, until)
    return fresh or await retake_delivery(deps.db, order_id, name, now, until)


async def _send(deps: WorkDeps, order: Order, errand: Errand, delivery: Delivery, letter: Letter) -> Delivered:
    seconds_left = _countdown(deps.clock)
    until = deps.clock.now() + timedelta(seconds=_SEND_S) + _MARGIN
    if not await start_sending(deps.db, delivery, until):
        return _left_to_others(order, errand)
    another = deps.successes.until_next(_MAIL)
    try:
        with span("mail", kind=letter.kind):
            answer = await _to_the_end(deps, letter, seconds_left)
    except MailServerIsBusy as error:
        postponed = await _postpone(deps, delivery, _address_of(letter), error)
        # Where others are taken meanwhile, it is this letter's own trouble.
        if isinstance(error, MailServerIsAway) and not another.is_set():
            deps.timers.after(_LONGEST_PAUSE_S, lambda: _hasten(deps, errand, delivery), another)
        return postponed
    except LetterIsRefused as error:
        return await _refuse(deps, errand, delivery, error)
    now = deps.clock.now()
    deps.successes.note(_MAIL)
    await until_database_is_back(deps.clock, lambda: mark_sent(deps.db, delivery["_id"], answer, now))
    await end_account_trouble(deps.db, _address_of(letter))
    if delivery["tries"] >= _WORRYING_DOUBTS:
        await clear_attention(deps, letter.order, _cannot_be_sent(delivery))
    MAILS.labels(letter.kind, "sent").inc()
    log.info("mail_sent", order=letter.order, kind=letter.kind)
    return _SENT


def _address_of(letter: Letter) -> str:
    return parseaddr(letter.sender)[1]


def _countdown(clock: Clock) -> Callable[[], float]:
    """Return a function of the seconds that are left for sending, by the clock that has run faster since now.

    Others take over by the time of day. A machine that was stopped as a whole, or moved, wakes up with a time of
    day that has jumped, while its other clock knows nothing of the pause.
    """
    began, began_at = clock.monotonic(), clock.now()
    return lambda: _SEND_S - max(clock.monotonic() - began, (clock.now() - began_at).total_seconds())


async def _to_the_end(deps: WorkDeps, letter: Letter, seconds_left: Callable[[], float]) -> str:
    """Send, and hear the server out even when cancelled: an accepted letter without a record is sent twice."""
    sending = asyncio.ensure_future(asyncio.to_thread(deps.mailer.send, letter, seconds_left))
    while True:
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            if sending.cancelled():  # the loop itself ends, and nobody can hear any more
                raise
            log.warning("mail_outlasts_grace", order=letter.order)


async def _postpone(deps: WorkDeps, delivery: Delivery, sender: str, error: MailServerIsBusy) -> Delivered:
    now, in_doubt = deps.clock.now(), isinstance(error, AcceptanceIsUnknown)
    first_s, longest_s = (_FIRST_DOUBT_S, _LONGEST_DOUBT_S) if in_doubt else (_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    pause_s = min(first_s * 2 ** min(delivery["tries"], 10), longest_s)
    due_at = now + timedelta(seconds=pause_s)
    MAILS.labels(delivery["kind"], "in_doubt" if in_doubt else "postponed").inc()
    log.warning("mail_postponed", order=delivery["order"], again_in_s=pause_s)
    if isinstance(error, MailServerRefusesUs):
        await _tell_of_refusal(deps, delivery, sender, error)
    await postpone_delivery(deps.db, delivery, due_at, str(error))
    if delivery["tries"] + 1 >= (_WORRYING_DOUBTS if in_doubt else _WORRYING_TRIES):
        await _call_for_letter(deps, delivery, sender, error)
    return Delivered(sent=False, again_at=due_at)


async def _hasten(deps: WorkDeps, errand: Errand, postponed: Delivery) -> None:
    """Have a letter tried at once that waits for its time, unless somebody has tried it since."""
    order_id, now = postponed["order"], deps.clock.now()
    if await hasten_delivery(deps.db, postponed, now):
        await delay_errand(deps.db, order_id, errand, now + ERRAND_CHECK)
        await send_errand(deps, errand, order_id)


async def _tell_of_refusal(deps: WorkDeps, delivery: Delivery, sender: str, error: MailServerRefusesUs) -> None:
    """Alert an operator to a server that refuses a sender, until it takes a letter of theirs.

    Only a letter's first try does, so that one letter which is refused among others that are taken makes no noise.
    """
    if delivery["tries"]:
        await keep_account_trouble(deps.db, sender, deps.clock.now())
        return
    text = f"The mail server refuses us ({error.code}). No letter from {sender} goes out until that is mended."
    await tell_account_trouble(deps.db, AccountTrouble(text, server=sender), sender, deps.clock.now())


async def _call_for_letter(deps: WorkDeps, delivery: Delivery, sender: str, error: MailServerIsBusy) -> None:
    """Call an operator for an order whose letter is not taken, unless no other letter is either."""
    if isinstance(error, MailServerRefusesUs) and await waits_for_account(deps.db, sender):
        return
    await call_operator(deps.db, delivery["order"], _cannot_be_sent(delivery), deps.clock.now())


def _cannot_be_sent(delivery: Delivery) -> str:
    return f"The {delivery['kind']} mail cannot be sent; the server says not now, again and again."


async def _refuse(deps: WorkDeps, errand: Errand, delivery: Delivery, error: LetterIsRefused) -> Delivered:
    # A server's words may quote the address. They stand in the dead letter, not on pages, in alerts or in the log.
    MAILS.labels(delivery["kind"], "refused").inc()
    log.error("mail_refused", order=delivery["order"])
    order_id, now = delivery["order"], deps.clock.now()
    # The record first, the end of the work last. Work that is interrupted in between is tried, and recorded,
    # again.
    reason = f"The {delivery['kind']} mail was refused: {error.code}."
    await record_dead_errand(deps.db, order_id, errand, reason, str(error), "", now, fails=False)
    await call_operator(deps.db, order_id, reason, now, kind="bounce")
    await refuse_delivery(deps.db, delivery, str(error))
    return _REFUSED
