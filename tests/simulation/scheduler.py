"""Scheduler: one coroutine at a time goes on from one effect to the next, and a script decides which."""

import asyncio
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple

from tests.simulation.loop import Blocking
from tests.simulation.machines import Machine, running
from tests.simulation.script import Dice, Fault, Script

#: Faults of a process rather than of an effect.
_STRIKES = {"crash", "freeze", "stall", "late"}
#: What one turn takes.
_TURN_S = 0.001


class Effect(NamedTuple):
    """Something that a process does outside itself. `run` does it, and is told of the fault that it meets."""

    what: str
    detail: Any
    run: Callable[[Fault | None], Any]
    #: Makes the error by which it fails, before it is done or after. None if it cannot fail.
    failure: Callable[[], Exception] | None = None
    #: Others may act, and the process may die, before it sees the answer.
    is_answered: bool = True
    #: The faults that it may meet beside those that any may.
    faults: frozenset[str] = frozenset()
    #: Whether it can be done now.
    when: Callable[[], bool] = lambda: True


class Outside:
    """Server whose calls block: `effect` makes one of a method's name and its arguments."""

    def effect(self, name: str, work: Blocking, args: tuple[Any, ...]) -> Effect:
        """Return the call as an effect."""
        raise NotImplementedError


class Line(NamedTuple):
    """Line of a trace: what happened in a turn."""

    turn: int
    at: float
    machine: str
    what: str
    detail: Any
    outcome: Any


class _Gate(NamedTuple):
    machine: Machine
    effect: Effect
    place: str
    opened: "asyncio.Future[Fault | None]"
    since: list[float]

    @property
    def is_answer(self) -> bool:
        return self.place == "answer"


class NothingMoves(Exception):
    """No coroutine waits for its turn, and none for a time."""


class Scheduler:
    """Opens one gate at a time, and lets time pass when none can be opened."""

    def __init__(self, script: Script) -> None:
        """Prepare a run by that script."""
        self.script, self.dice = script, Dice(script)
        self.turn = 0
        self.now = 0.0
        self.trace: list[Line] = []
        self.left = list(script.faults)
        self.met: list[Fault] = []
        #: Called when a process dies, freezes or waits for a late answer, before anything else happens.
        self.struck: Callable[[Machine, Fault, Effect], None] = lambda machine, fault, effect: None
        #: Asked whenever time would have to pass. Once it says so, the run is over.
        self.is_over: Callable[[], bool] = lambda: False
        self.over: asyncio.Future[None]
        self._gates: list[_Gate] = []
        #: Kept, since a coroutine that is garbage is closed, and runs once more for that.
        self._of_the_dead: list[_Gate] = []
        self._last = ""
        self._closed = False

    async def act(self, effect: Effect) -> Any:
        """Do an effect in its turn, and return its outcome in another."""
        fault = await self._turn(effect, "")
        self._refuse(effect, fault, "refused")
        try:
            outcome: Any = effect.run(fault)
        except Exception as error:
            self.note(effect.what, effect.detail, type(error).__name__)
            raise
        if isinstance(outcome, Generator):
            outcome = await self._in_parts(effect, outcome)
        self.note(effect.what, effect.detail, outcome)
        if effect.is_answered:
            self._refuse(effect, await self._turn(effect, "answer"), "done, but the answer is lost")
        return outcome

    async def _in_parts(self, effect: Effect, parts: Generator[str, Fault | None, Any]) -> Any:
        """Do an effect that stops at places of its own."""
        fault = None
        while True:
            try:
                place = parts.send(fault)
            except StopIteration as end:
                return end.value
            fault = await self._turn(effect, place)

    def _refuse(self, effect: Effect, fault: Fault | None, how: str) -> None:
        if fault is not None and fault.kind == "fail" and effect.failure is not None:
            self.note(effect.what, effect.detail, how)
            raise effect.failure()

    async def block(self, work: Blocking, *args: Any) -> Any:
        """Do a thread's work: at once if it is our own machine's, in its turn if it asks a server."""
        inner, given = work, args
        if isinstance(work, partial) and getattr(work.func, "__name__", "") == "run":  # as `to_thread` has it
            inner, given = work.args[0], work.args[1:]
        server = getattr(inner, "__self__", None)
        if isinstance(server, Outside):
            return await self.act(server.effect(inner.__name__, inner, given))
        return work(*args)

    async def _turn(self, effect: Effect, place: str) -> Fault | None:
        if self._closed:
            raise asyncio.CancelledError
        gate = _Gate(running(), effect, place, asyncio.get_running_loop().create_future(), [0.0])
        self._gates.append(gate)
        return await gate.opened

    def note(self, what: str, detail: Any = None, outcome: Any = None) -> None:
        """Add a line to the trace."""
        self.trace.append(Line(self.turn, self.now, running().name, what, detail, outcome))

    def go_on(self, next_timer: float | None) -> float:
        """Open a gate, or let time pass until something can happen."""
        self._of_the_dead += [gate for gate in self._gates if gate.machine.is_dead]
        self._gates = [gate for gate in self._gates if not gate.opened.done() and not gate.machine.is_dead]
        ready = [gate for gate in self._gates if self._may_open(gate)]
        if ready:
            self.turn += 1
            self.now += _TURN_S
            self._open(ready)
        elif self.is_over():
            self.over.set_result(None)
        else:
            self._wait(next_timer)
        return self.now

    def _may_open(self, gate: _Gate) -> bool:
        is_due = max(gate.machine.frozen_until, gate.since[0]) <= self.now
        return is_due and (bool(gate.place) or gate.effect.when())

    def _open(self, ready: list[_Gate]) -> None:
        gate = ready[self.dice.pick(self.turn, [one.machine.name for one in ready], self._last)]
        fault = self._fault_for(gate)
        self._last = gate.machine.name
        if fault is None:
            gate.opened.set_result(None)
        elif fault.kind in _STRIKES:
            self._strike(gate, fault)
        else:
            gate.opened.set_result(fault)

    def _fault_for(self, gate: _Gate) -> Fault | None:
        for fault in self.left:
            if fault.turn > self.turn:
                return None
            if _applies(fault, gate):
                self.left.remove(fault)
                self.met.append(fault)
                place = " before its answer" if gate.is_answer else f" at {gate.place}" * bool(gate.place)
                what = f"*** {fault.kind}{place}: {gate.effect.what}"
                seconds = fault.seconds if fault.kind in _STRIKES else None
                self.trace.append(Line(self.turn, self.now, gate.machine.name, what, gate.effect.detail, seconds))
                return fault
        return None

    def _strike(self, gate: _Gate, fault: Fault) -> None:
        if fault.kind == "crash":
            gate.machine.is_dead = True
        elif fault.kind != "late":
            gate.machine.frozen_until = self.now + fault.seconds
            gate.machine.clock.slept_s += fault.seconds * fault.stops_the_machine
        else:
            gate.since[0] = self.now + fault.seconds
        self.struck(gate.machine, fault, gate.effect)

    def _wait(self, next_timer: float | None) -> None:
        times = [max(gate.machine.frozen_until, gate.since[0]) for gate in self._gates]
        later = [time for time in (*times, *([next_timer] if next_timer is not None else [])) if time > self.now]
        if not later:
            raise NothingMoves
        self.now = min(later)

    @property
    def is_waited_for(self) -> bool:
        """Whether a frozen process has still to wake, or an answer to come."""
        return any(max(gate.machine.frozen_until, gate.since[0]) > self.now for gate in self._gates)

    def close(self) -> None:
        """Let no process do anything any more."""
        self._closed = True


def _applies(fault: Fault, gate: _Gate) -> bool:
    if fault.kind in {"crash", "freeze"}:
        return gate.machine.mortal
    if fault.kind == "stall":  # a freeze where it may do the most harm: with a write in hand that will be old
        return gate.machine.mortal and gate.effect.what == "steps.update_one" and not gate.is_answer
    if fault.kind == "fail":
        return gate.effect.failure is not None and (not gate.place or gate.is_answer)
    if fault.kind == "late":
        return "late" in gate.effect.faults and gate.is_answer
    return fault.kind in gate.effect.faults and not gate.is_answer
