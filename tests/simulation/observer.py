"""Observer: sees each write as it happens, and what must never be, at whatever moment."""

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from tests.simulation.database import Command, Store
from tests.simulation.machines import Machine, running
from tests.simulation.products import BOUNDS
from tests.simulation.scheduler import Effect
from tests.simulation.script import Fault
from tests.simulation.vendors import Mail, Postman

Documents = dict[str, dict[str, Any]]

_LONG = {"result": 0, "traceback": 0}


class View(NamedTuple):
    """Documents of the collections that move, by their ids, as they stand after a write."""

    steps: Documents
    reports: Documents
    orders: Documents
    deliveries: Documents


class Write(NamedTuple):
    """Write that may have changed something, and the documents after it."""

    turn: int
    command: Command
    view: View


class Observer:
    """Looks at the documents after each write to them, and keeps what it finds wrong."""

    postman: Postman

    def __init__(self, store: Store, turn: Callable[[], int]) -> None:
        """Begin with an empty database."""
        self._store, self._turn = store, turn
        self.view = View({}, {}, {}, {})
        self.wrong: list[str] = []
        self.writes: list[Write] = []
        self.holders: dict[str, Machine] = {}
        #: Calls in the air, by the ledger's entry, with the machine that makes them.
        self._in_air: dict[str, Machine] = {}
        #: The step and run of each call, by the ledger's entry.
        self._runs: dict[str, tuple[str, int]] = {}
        #: Calls whose outcome a crash, a freeze or a failure of the provider kept from being recorded, perhaps.
        self.doubtful: set[str] = set()

    def heard(self, command: Command, outcome: Any) -> None:
        """Look at what a command has changed."""
        if not command.writes or not _matched(outcome):
            return
        if command.collection == "ledger" and command.update.get("$set", {}).get("state") == "settled":
            self._in_air.pop(command.filter["_id"], None)
        if command.collection == "deliveries" and command.update.get("$set", {}).get("state") == "sent":
            self.postman.in_air = [mail for mail in self.postman.in_air if not _is_recorded(mail, command)]
        if command.collection in View._fields:
            before, self.view = self.view, self._look(command.collection)
            self.writes.append(Write(self._turn(), command, self.view))
            if command.collection == "steps":
                self._compare(before.steps)
            if command.collection in {"steps", "reports"}:
                self._check_bounds()

    def _look(self, collection: str) -> View:
        found = self._store.mongo[collection].find({}, _LONG if collection == "steps" else None)
        return self.view._replace(**{collection: {one["_id"]: one for one in found}})

    def _compare(self, before: Documents) -> None:
        for name, step in self.view.steps.items():
            was = before.get(name)
            if was is not None and (was["state"], was["epoch"]) != (step["state"], step["epoch"]):
                self._moved(was, step)

    def _moved(self, was: dict[str, Any], step: dict[str, Any]) -> None:
        """Judge the move of a step: it is its holder's, unless it takes the step from him."""
        name, move = step["_id"], (was["state"], step["state"])
        if step["run"] != was["run"]:
            return
        if move == ("queued", "claimed"):
            self.holders[name] = running()
        elif _is_holders(move) and self.holders.get(name) is not running():
            self._complain(f"{name} goes from {move[0]} to {move[1]} by {running().name}, who lost it")
        if move == ("claimed", "claimed"):
            entry = f"{name}:{step['epoch']}"
            self._in_air[entry], self._runs[entry] = running(), (name, step["run"])
        # While a replay resets steps, one of the old run may become ready, since it is about to be reset itself.
        is_replayed = self.view.reports[step["report"]]["replay"] is not None
        if move == ("waiting", "ready") and not is_replayed and not self._is_complete(step):
            self._complain(f"{name} is ready before its needs are done")
        if was["state"] == "done":
            self._complain(f"{name} was done, and is {step['state']} in the same run")

    def _is_complete(self, step: dict[str, Any]) -> bool:
        return all(self.view.steps[need]["state"] == "done" for need in step["needs"])

    def _check_bounds(self) -> None:
        for name, report in self.view.reports.items():
            mine = [step for step in self.view.steps.values() if step["report"] == name]
            for slot, bound in BOUNDS[report["product"]].items():
                if len(report["slots"][slot]) > bound:
                    self._complain(f"{name} has {len(report['slots'][slot])} {slot} slots of {bound}")
                live = [step for step in mine if step["slot"] == slot and step["state"] in {"queued", "claimed"}]
                alone = [step for step in live if step.get("batch", [step["_id"]])[0] == step["_id"]]
                if report["planned"] and len(alone) > bound:
                    self._complain(f"{name} has {len(alone)} {slot} steps under way, and {bound} may be")

    def _complain(self, what: str) -> None:
        self.wrong.append(f"turn {self._turn()}: {what}")

    def struck(self, machine: Machine, fault: Fault, effect: Effect) -> None:
        """Excuse what a crash, a freeze or a late answer may cost: the calls that were in the air."""
        for entry, caller in self._in_air.items():
            if caller is machine and (fault.kind != "late" or effect.detail == entry):
                self.excuse(entry)

    def is_settling(self, answered: Collection[str]) -> bool:
        """Return whether a process that lives has still to record the answer of a call, of those answered."""
        return any(entry in answered and not machine.is_dead for entry, machine in self._in_air.items())

    def excuse(self, entry: str) -> None:
        """Excuse one more call for the step that a ledger's entry names, since the outcome of this one is lost."""
        self.doubtful.add(entry)

    def excused(self, step: str, run: int) -> int:
        """Return how many calls more than one may have been made for a step in a run."""
        return sum(self._runs.get(entry) == (step, run) for entry in self.doubtful)


def _is_holders(move: tuple[str, str]) -> bool:
    return move[1] == "done" or move in {("claimed", "claimed"), ("claimed", "ready")}


def _matched(outcome: Any) -> bool:
    """Return whether a write may have changed something."""
    return bool(getattr(outcome, "matched_count", outcome is not None))


def _is_recorded(mail: Mail, command: Command) -> bool:
    return mail.machine is running() and command.filter["_id"].startswith(f"{mail.order}:{mail.kind}")
