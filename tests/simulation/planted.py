"""Bugs that are planted between storage and MongoDB, each one that the protocol is there to prevent."""

from collections.abc import Callable
from typing import Any

from pymongo.results import UpdateResult

from tests.simulation.database import Command, Store
from tests.simulation.run import run
from tests.simulation.script import script_of

Do = Callable[[Command], Any]


def deaf_fence(command: Command, do: Do) -> Any:
    """Say of every claim that its holder has it still (T11)."""
    outcome = do(command)
    is_fence = command.update and "attempts" in command.update.get("$inc", {})
    return UpdateResult({"n": 1}, acknowledged=True) if is_fence else outcome


def blind_completion(command: Command, do: Do) -> Any:
    """Take a result whatever the epoch and state, from whomever it comes (T13)."""
    return do(_without(command, "epoch", "state") if _sets(command, state="done") else command)


def silent_completion(command: Command, do: Do) -> Any:
    """Complete a step as one that was advanced, so that no sweep looks (T13)."""
    if _sets(command, state="done"):
        facts = {key: value for key, value in command.update["$set"].items() if key != "due_at"}
        update = {"$set": {**facts, "advanced": True}, "$unset": {"due_at": ""}}
        command = command._replace(args=(command.filter, update))
    return do(command)


def second_letter(command: Command, do: Do) -> Any:
    """Choose the refund though another letter was chosen before (T18r)."""
    if command.collection == "orders" and command.method == "find_one":
        found = do(command)
        return {**found, "letter": None} if found else found
    return do(_without(command, "letter") if _sets(command, letter="refund") else command)


def trust_in_redis(command: Command, do: Do) -> Any:
    """Never look for queued steps whose messages were lost (T9)."""
    outcome = do(command)
    looks = command.collection == "steps" and command.method == "find" and "due_at" in command.filter
    return [] if looks and command.filter.get("state") == "queued" else outcome


def greedy_reservation(command: Command, do: Do) -> Any:
    """Take slots without a look whether others took them meanwhile (T7)."""
    sets = command.update.get("$set", {}) if command.writes and command.method == "update_one" else {}
    slots = [key for key in sets if key.startswith("slots.")]
    return do(_without(command, *slots) if slots else command)


def forgotten_answer(command: Command, do: Do) -> Any:
    """Settle a purchase without the text that was bought (T12)."""
    if command.collection == "ledger" and _sets(command, state="settled"):
        facts = {key: value for key, value in command.update["$set"].items() if key != "text"}
        command = command._replace(args=(command.filter, {"$set": facts}))
    return do(command)


def early_ready(command: Command, do: Do) -> Any:
    """Take every need for done (T6)."""
    if command.method == "find" and command.filter.get("state") == "done" and command.args[1:] == ({"_id": 1},):
        command = _without(command, "state")
    return do(command)


#: Each bug, with a seed that finds it: `make simulate` says which have to be replaced, as the engine changes.
PLANTED: dict[Callable[[Command, Do], Any], int] = {
    deaf_fence: 75,
    blind_completion: 0,
    silent_completion: 0,
    second_letter: 2,
    trust_in_redis: 13,
    greedy_reservation: 132,
    forgotten_answer: 0,
    early_ready: 0,
}
_SEARCHED = 200


def seed_that_finds(bug: Callable[[Command, Do], Any], store: Store) -> int | None:
    """Return the seed of a bug if it finds it, or else the first one that does. None if none does."""
    return next(
        (seed for seed in (PLANTED[bug], *range(_SEARCHED)) if run(script_of(seed), store, bug).wrong), None
    )


def _sets(command: Command, **facts: str) -> bool:
    if not command.method.startswith("update"):
        return False
    return (
        facts.items() <= {key: one for key, one in command.update.get("$set", {}).items() if key in facts}.items()
    )


def _without(command: Command, *keys: str) -> Command:
    kept = {key: value for key, value in command.filter.items() if key not in keys}
    return command._replace(args=(kept, *command.args[1:]))
