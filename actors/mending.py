"""What an operator does about a dead letter: replay it, each kind in its way, or discard it."""

from collections.abc import Awaitable, Callable

from dramatiq import Message
from dramatiq.errors import DecodeError

from actors.deps import Deps
from actors.finish import send_letter
from actors.replay import replay
from actors.sending import new_message_id, send
from infra.errors import PressroomError
from storage.audit import record_action
from storage.database import Document
from storage.dead_letters import close_dead_letter, count_open, find_dead_letter
from storage.orders import release_operator, revive_letter
from storage.reports import report_id, revive_report


class DeadLetterIsNotOpen(PressroomError):
    """There is no such dead letter, or somebody has dealt with it."""


class MessageCannotBeReplayed(PressroomError):
    """The message was never one; it can only be discarded."""


async def close_letter(deps: Deps, letter_id: str, action: str, *, who: str, reason: str) -> None:
    """Replay or discard (`action` is `replayed` or `discarded`) a dead letter, under the audit trail."""
    letter = await find_dead_letter(deps.db, letter_id)
    if letter is None or letter["state"] != "open":
        raise DeadLetterIsNotOpen(f"There is no open dead letter {letter_id}.")
    now = deps.clock.now()
    await record_action(
        deps.db, who=who, action=action, order=letter["order"], subject=letter_id, reason=reason, now=now
    )
    if action == "replayed":
        await _REPLAYS[letter["kind"]](deps, letter)
    await close_dead_letter(deps.db, letter_id, action, now)
    if action == "replayed" and letter["order"] and not await count_open(deps.db, letter["order"]):
        await release_operator(deps.db, letter["order"])


async def _replay_step(deps: Deps, letter: Document) -> None:
    await replay(deps, letter["order"], letter["product"], [letter["step"]])


async def _replay_report(deps: Deps, letter: Document) -> None:
    message = new_message_id()
    report = report_id(letter["order"], letter["product"])
    if await revive_report(deps.db, report, message, deps.clock.now()):
        await send(deps, letter["product"], "begin_report", message, report=report)


async def _replay_letter(deps: Deps, letter: Document) -> None:
    await revive_letter(deps.db, letter["order"], deps.clock.now())
    await send_letter(deps, letter["order"])


async def _replay_message(deps: Deps, letter: Document) -> None:
    try:
        message = Message.decode(letter["raw"])
    except DecodeError:
        raise MessageCannotBeReplayed(f"{letter['_id']} is no message; it can only be discarded.") from None
    await send(deps, letter["product"], message.actor_name, new_message_id(), **message.kwargs)


_REPLAYS: dict[str, Callable[[Deps, Document], Awaitable[None]]] = {
    "step": _replay_step,
    "report": _replay_report,
    "letter": _replay_letter,
    "message": _replay_message,
}
