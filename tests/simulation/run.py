"""Runs: a seed's story and faults on an empty database, up to the end of all that can still happen."""

import asyncio
import random
from datetime import timedelta
from typing import Any, NamedTuple

from tests.simulation import agreement, beginning_agreement, letter_agreement
from tests.simulation.database import Command, Store, Twist
from tests.simulation.judge import judge
from tests.simulation.loop import VirtualLoop
from tests.simulation.machines import Machine
from tests.simulation.observer import Observer
from tests.simulation.scheduler import Effect, Line, NothingMoves, Scheduler
from tests.simulation.script import Fault, Script
from tests.simulation.stories import Story, story_of, tell
from tests.simulation.world import World, queues_for

#: A run that is not over by then, after its last fault, is stuck.
_PATIENCE_S = 150.0
#: An errand that is due later waits for a person or a promise, not for a worker.
_SOON = timedelta(seconds=100)


class Run(NamedTuple):
    """Run that is over, with all that was wrong, the faults that it met, and all that happened."""

    script: Script
    story: Story
    wrong: list[str]
    met: list[Fault]
    trace: list[Line]
    turns: int
    seconds: float
    observer: Observer


def plain(command: Command, do: Any) -> Any:
    """Do a command as it is."""
    return do(command)


def run(script: Script, store: Store, twist: Twist = plain) -> Run:
    """Run a script."""
    store.empty()
    random.seed(script.seed)
    return _Simulation(script, store, twist).run()


class _Simulation:
    def __init__(self, script: Script, store: Store, twist: Twist) -> None:
        self._store, self._story = store, story_of(script.seed)
        self._scheduler = Scheduler(script)
        self._observer = Observer(store, lambda: self._scheduler.turn)
        self._world = World(store, self._scheduler, twist, self._observer.heard)
        self._observer.postman = self._world.postman
        self._world.provider.excuse = self._observer.excuse
        self._scheduler.struck = self._strike
        self._scheduler.is_over = self._is_over
        self._told = False
        self._calm_since = 0.0

    def run(self) -> Run:
        loop = VirtualLoop(self._scheduler)
        try:
            loop.run_until_complete(self._main(loop))
            wrong = judge(self._store, self._world, self._observer)
            for rules in (agreement, beginning_agreement, letter_agreement):
                wrong += rules.disagreements(self._observer.writes)
        except NothingMoves:
            wrong = ["nothing moves any more"]
        finally:
            self._unwind(loop)
            loop.close()
        one = self._scheduler
        return Run(one.script, self._story, wrong, one.met, one.trace, one.turn, one.now, self._observer)

    async def _main(self, loop: asyncio.AbstractEventLoop) -> None:
        self._scheduler.over = loop.create_future()
        self._world.start(queues_for(self._story.products))
        Machine("customer", mortal=False).run(self._tell())
        await self._scheduler.over

    async def _tell(self) -> None:
        await tell(self._world, self._story)
        self._told = True

    def _strike(self, machine: Machine, fault: Fault, effect: Effect) -> None:
        self._calm_since = self._scheduler.now + fault.seconds
        self._observer.struck(machine, fault, effect)
        self._world.strike(machine, fault)

    def _is_over(self) -> bool:
        """Whether nothing is left that somebody would do: now, or as soon as a time has passed."""
        if self._scheduler.now > self._calm_since + _PATIENCE_S:
            return True
        return self._told and not self._scheduler.is_waited_for and self._is_quiet()

    def _is_quiet(self) -> bool:
        view = self._observer.view
        if not view.orders or any(self._moves(step) for step in view.steps.values()):
            return False
        # Also of an order that is over: what was paid is written down, as soon as MongoDB takes it.
        if self._observer.is_settling(self._world.provider.calls):
            return False
        (order,) = view.orders.values()
        now = self._world.web.clock.now()
        if any(due <= now + _SOON for due in order["errands"].values()):
            return False
        return order["letter"] is not None or order["attention"] is not None or order["stopped"]

    def _moves(self, step: dict[str, Any]) -> bool:
        if step["state"] in {"done", "dead"}:
            return step.get("advanced") is not True
        report = self._observer.view.reports[step["report"]]
        return step["state"] != "waiting" and not report["stopped"] and "due_at" in step

    def _unwind(self, loop: VirtualLoop) -> None:
        """End every coroutine, so that none is left to the garbage collector. None can do anything any more."""
        self._scheduler.close()
        for _ in range(100):
            left = asyncio.all_tasks(loop)
            if not left:
                return
            for task in left:
                task.cancel()
            loop.call_soon(loop.stop)
            loop.run_forever()
        raise RuntimeError(f"{left} cannot be ended")
