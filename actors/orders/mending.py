"""What an operator does about a dead letter: replay it, each kind in its way, or discard it."""

from collections.abc import Awaitable, Callable

from dramatiq import Message
from dramatiq.errors import DecodeError

from actors.deps.process import Deps
from actors.messages import new_message_id, send, send_errand
from actors.orders.attention import release
from actors.reports.replay import lost_chunks, replay
from infra.errors import PressroomError
from storage.alerts import withdraw_alert
from storage.audit import Warrant, record_action
from storage.database import Document
from storage.dead_letters import close_dead_letter, find_dead_letter
from storage.deliveries import revive_deliveries
from storage.errands import ERRAND_CHECK, add_errand
from storage.events import renew_event
from storage.reports import begin_message, report_id, revive_report
from storage.steps import find_step


class DeadLetterIsNotOpen(PressroomError):
    """There is no such dead letter, or somebody has dealt with it."""


class MessageCannotBeReplayed(PressroomError):
    """The message was never one; it can only be discarded."""


async def close_letter(deps: Deps, letter_id: str, action: str, warrant: Warrant) -> None:
    """Replay or discard (`action` is `replayed` or `discarded`) a dead letter, under the audit trail."""
    letter = await find_dead_letter(deps.db, letter_id)
    if letter is None or letter["state"] != "open":
        raise DeadLetterIsNotOpen(f"There is no open dead letter {letter_id}.")
    now = deps.clock.now()
    await record_action(deps.db, warrant, action, letter["order"], letter_id, now)
    if action == "replayed":
        await _REPLAYS[letter["kind"]](deps, letter)
    await close_dead_letter(deps.db, letter_id, action, now)
    if action == "replayed" and letter["order"]:
        await release(deps, letter["order"], letter["reason"])


async def _replay_step(deps: Deps, letter: Document) -> None:
    step = await find_step(deps.db, letter["step"])
    if step is None or step["state"] != "dead" or step["epoch"] != letter["epoch"]:
        return  # somebody has replayed it since: its next death is another letter
    lost = await lost_chunks(deps, step) if step["kind"] == "assemble" else []
    printing = step["kind"] in ("render", "assemble")
    await replay(deps, letter["order"], letter["product"], [step["_id"], *lost], printing=printing)


async def _replay_report(deps: Deps, letter: Document) -> None:
    report = report_id(letter["order"], letter["product"])
    message = begin_message(report)
    if await revive_report(deps.db, report, message, deps.clock.now()):
        await send(deps, letter["product"], "begin_report", message, report=report)


async def _replay_errand(deps: Deps, letter: Document) -> None:
    await revive_deliveries(deps.db, letter["order"], deps.clock.now())
    await add_errand(deps.db, letter["order"], letter["errand"], deps.clock.now() + ERRAND_CHECK)
    await send_errand(deps, letter["errand"], letter["order"])


async def _replay_event(deps: Deps, letter: Document) -> None:
    event_id = letter["_id"].removeprefix("event:")
    await withdraw_alert(deps.db, event_id, letter["error"])
    # The sweep applies it, after this letter is closed: if it fails again, the letter opens again.
    await renew_event(deps.db, event_id, deps.clock.now())


async def _replay_message(deps: Deps, letter: Document) -> None:
    try:
        message = Message.decode(letter["raw"])
    except DecodeError:
        raise MessageCannotBeReplayed(f"{letter['_id']} is no message; it can only be discarded.") from None
    await send(deps, letter["product"], message.actor_name, new_message_id(), **message.kwargs)


_REPLAYS: dict[str, Callable[[Deps, Document], Awaitable[None]]] = {
    "step": _replay_step,
    "report": _replay_report,
    "errand": _replay_errand,
    "event": _replay_event,
    "message": _replay_message,
}
