"""Letters that a mail server has not answered when their worker must end."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from actors.deps.process import Deps
from actors.orders.errands import run_errand
from infra.mail.errors import MailServerIsBusy
from infra.mail.letter import Letter
from tests.actors.builders import ORDER, working
from tests.actors.post import stored

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
