"""Dead letters and their remedies: replay or discard one, or retry an order."""

from typing import Any

from dramatiq import Message
from dramatiq.errors import DecodeError

from actors.deps.process import Deps
from actors.messages import Post, begin_errand, begin_post, new_message_id, send_all
from actors.orders.attention import MOST_OPEN, clear_attention, close_deaths
from actors.reports.replay import Words, lost_chunks, replay
from infra.errors import PressroomError, TransientError
from storage.alerts import withdraw_alert
from storage.audit import Authority, record_action
from storage.dead_letters import MESSAGE_IS_DEAD, close_dead_letter, dead_letters, find_dead_letter
from storage.deliveries import revive_deliveries
from storage.events import renew_event
from storage.orders import remembered_order
from storage.records.mail import DeadEvent, DeadLetter, DeadMessage, DeadReport, DeadStep
from storage.records.orders import Errand
from storage.reports import begin_message, report_id, revive_report
from storage.steps import find_step

#: Those that only tell somebody something: no order needs them in order to end.
_TELLING: set[Errand] = {
    "confirm_order",
    "check_promise",
    "tell_failure",
    "ask_details",
    "confirm_withdrawal",
    "resend_reports",
}


class DeadLetterIsNotOpen(PressroomError):
    """The dead letter does not exist, or is closed already."""


class MessageCannotBeReplayed(PressroomError):
    """The message was never valid. It can only be discarded."""


class NothingToRetry(PressroomError):
    """The order has no dead letter and no objection."""


async def resolve_dead_letter(
    deps: Deps, letter_id: str, action: str, authority: Authority, words: Words = "pinned"
) -> None:
    """Replay or discard a dead letter, with an entry in the audit trail.

    `action` is `replayed` or `discarded`. A replay in today's words closes all letters of the step's report. An
    order needs nobody any more for what is replayed, nor for something that was only to be told, and is discarded.
    """
    letter = await find_dead_letter(deps.db, letter_id)
    if letter is None or letter["state"] != "open":
        raise DeadLetterIsNotOpen(f"There is no open dead letter {letter_id}.")
    now = deps.clock.now()
    subject = f"{letter_id}, in today's words" if words == "today" else letter_id
    await record_action(deps.db, authority, action, letter["order"], subject, now)
    if action == "replayed":
        await _replay(deps, letter, words)
    if letter["kind"] == "message":
        await withdraw_alert(deps.db, letter_id, MESSAGE_IS_DEAD)
    await close_dead_letter(deps.db, letter_id, action, now)
    if letter["order"] is not None and (action == "replayed" or _only_tells(letter)):
        await clear_attention(deps, letter["order"], letter["reason"])


def _only_tells(letter: DeadLetter) -> bool:
    return letter["kind"] == "errand" and letter["errand"] in _TELLING


async def retry_order(deps: Deps, order_id: str, authority: Authority) -> list[PressroomError]:
    """Replay an order's open dead letters and examine its objection anew.

    Returns the errors of those that cannot be replayed. Writes an entry in the audit trail, and reuses all work
    that is done. OrderDoesNotExist, or NothingToRetry if there is nothing to do.
    """
    order = await remembered_order(deps.db, order_id)
    letters = await dead_letters(deps.db, limit=MOST_OPEN, order=order_id, state="open")
    if order["objection"] is None and not letters:
        raise NothingToRetry(f"Nothing of order {order_id} is dead or objected to.")
    now = deps.clock.now()
    await record_action(deps.db, authority, "retried", order_id, order["objection"] or "dead letters", now)
    if order["objection"] is not None:
        await begin_errand(deps, "identify_order", order_id)
    refusals = []
    for letter in letters:
        try:
            await resolve_dead_letter(deps, letter["_id"], "replayed", authority)
        except TransientError:
            raise
        except PressroomError as error:
            refusals.append(error)
    return refusals


async def _replay(deps: Deps, letter: DeadLetter, words: Words) -> None:
    """Do the failed work again, by its kind."""
    if letter["kind"] == "step":
        await _replay_step(deps, letter, words)
    elif letter["kind"] == "report":
        await _replay_report(deps, letter)
    elif letter["kind"] == "errand":
        await revive_deliveries(deps.db, letter["order"], deps.clock.now())
        await begin_errand(deps, letter["errand"], letter["order"])
    elif letter["kind"] == "event":
        await _replay_event(deps, letter)
    else:
        await _replay_message(deps, letter)


async def _replay_step(deps: Deps, letter: DeadStep, words: Words) -> None:
    step = await find_step(deps.db, letter["step"])
    if step is None or step["state"] != "dead" or step["epoch"] != letter["epoch"]:
        return  # another caller has replayed it since, and its next death is another letter
    lost = await lost_chunks(deps, step) if step["kind"] == "assemble" else []
    printing = step["kind"] in ("render", "assemble")
    again = [step["_id"], *lost]
    if await replay(deps, letter["order"], letter["product"], again, printing=printing, words=words):
        await close_deaths(deps, letter["order"], product=letter["product"])


async def _replay_report(deps: Deps, letter: DeadReport) -> None:
    report = report_id(letter["order"], letter["product"])
    revived = await revive_report(deps.db, report, begin_message(report), deps.clock.now())
    if revived is not None:
        await send_all(deps, [begin_post(revived)])


async def _replay_event(deps: Deps, letter: DeadEvent) -> None:
    event_id = letter["_id"].removeprefix("event:")
    await withdraw_alert(deps.db, event_id, letter["error"])
    # The sweep applies it after this letter is closed. If it fails again, the letter opens again.
    await renew_event(deps.db, event_id, deps.clock.now())


async def _replay_message(deps: Deps, letter: DeadMessage) -> None:
    message = message_in(letter)
    if message is None:
        raise MessageCannotBeReplayed(f"{letter['_id']} is no message; it can only be discarded.")
    await send_all(deps, [Post(letter["product"], message.actor_name, new_message_id(), message.kwargs)])


def message_in(letter: DeadMessage) -> Message[Any] | None:
    """Return the message that was kept, None if it has not the form of ours: an actor, and ids."""
    try:
        message = Message.decode(letter["raw"])
    except DecodeError:
        return None
    ids: object = message.kwargs
    is_ours = isinstance(ids, dict) and all(isinstance(one, str) for one in (message.actor_name, *ids.values()))
    return message if is_ours else None
