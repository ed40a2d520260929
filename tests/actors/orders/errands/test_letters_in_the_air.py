"""Letters that a mail server has not answered when their worker must end."""

import asyncio
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from infra.mail.errors import MailServerIsBusy
from infra.mail.letter import Letter
from tests.actors.builders import ORDER, working
from tests.actors.post import stored
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


class SilentServer:
    """Mail server that takes a letter and says nothing until it is told to."""

    def __init__(self) -> None:
        """Begin with no letter."""
        self.has_one, self.speaks = threading.Event(), threading.Event()

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Keep the letter."""
        self.has_one.set()
        self.speaks.wait(seconds_left())
        raise MailServerIsBusy(f"No answer about {letter.kind}.")


@dataclass
class Sleeper:
    """Machine that is stopped while it speaks to its mail server, and wakes before the final dot."""

    clock: StoppedClock
    seconds_left: float = math.inf

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Sleep for a minute of the day, of which the machine's other clock knows nothing."""
        self.clock.moment += timedelta(minutes=1)
        self.seconds_left = seconds_left()
        raise MailServerIsBusy(f"{letter.kind} was not handed in.")


async def test_a_machine_that_was_stopped_knows_at_its_last_look(deps: Deps, clock: StoppedClock) -> None:
    """Others may have taken its letter over by the time of day: its own time is over by the same clock."""
    await stored(deps)
    sleeper = Sleeper(clock)
    await run_errand(working(deps, sleeper), "complete_order", ORDER)
    assert sleeper.seconds_left < 0


async def test_a_worker_whose_time_is_over_ends_though_a_server_is_silent(deps: Deps) -> None:
    """At the end of its grace all of its tasks are cut, and the one that waits for the server ends, too."""
    await stored(deps)
    server, before = SilentServer(), asyncio.all_tasks()
    errand = asyncio.create_task(run_errand(working(deps, server), "complete_order", ORDER))
    await asyncio.to_thread(server.has_one.wait)
    for task in asyncio.all_tasks() - before:
        task.cancel()
    await asyncio.wait({errand})
    server.speaks.set()
    assert errand.cancelled()
