"""`python -m tests.benchmarks.plans.counted QUEUE`: webhook and worker in one process, its commands counted.

It takes events from stdin, one a line, sees each order's report through, and prints what each came to: how often
which command was sent to MongoDB while what was done, as lines of JSON.
"""

import asyncio
import json
import sys
import threading
from collections import Counter
from contextvars import ContextVar

import structlog
from pymongo import monitoring

from actors.deps.startup import open_deps, wait_for_servers
from actors.intake.events import Event
from actors.worker.heartbeat import Heart
from actors.worker.process import WorkerProcess
from handlers.webhook.inbox import EventInbox
from infra.logs import set_up_logs
from infra.pdf import Renderer
from infra.settings import read_settings

_DOING: ContextVar[str] = ContextVar("doing", default="")
_PATIENCE_S = 120
#: For what follows the last step of a report.
_SETTLE_S = 0.5


class Commands(monitoring.CommandListener):
    """Counts every command by what it was sent for; whoever sent it says so in its context."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._counts: Counter[str] = Counter()
        self._done: set[str] = set()
        self._lock = threading.Lock()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """Count one."""
        step = structlog.contextvars.get_contextvars().get("step", "")
        with self._lock:
            self._counts[f"{self._purpose(step)}|{event.command_name} {_collection(event)}"] += 1
            if step and _completes(event):
                self._done.add(step)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Ignore it: what counts is what was asked."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Ignore it: what counts is what was asked."""

    def take(self) -> Counter[str]:
        """Return the counts since the last time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def _purpose(self, step: str) -> str:
        """Name what is being done: a kind of step, before or after it is done, or something else."""
        if doing := _DOING.get():
            return doing
        if step:
            kind = step.rpartition(":")[2].partition("-")[0]
            return f"{kind}, advance" if step in self._done else kind
        return "pulse" if _is_pulse() else "begin"


def _is_pulse() -> bool:
    """Whether the heartbeat asks, or the audit of claims: once in a while, whatever there is to do."""
    task = asyncio.current_task()
    return task is not None and getattr(task.get_coro(), "__qualname__", "").startswith(("Heart.", "ClaimsAudit."))


def _collection(event: monitoring.CommandStartedEvent) -> str:
    return str(event.command.get("collection", event.command[event.command_name]))


def _completes(event: monitoring.CommandStartedEvent) -> bool:
    updates = event.command.get("updates", []) if event.command_name == "update" else []
    return any(isinstance(one["u"], dict) and one["u"].get("$set", {}).get("state") == "done" for one in updates)


async def see_through(inbox: EventInbox, line: str) -> None:
    """Take an event as the webhook does, and return once the order's report is stored."""
    event = json.loads(line)
    _DOING.set("webhook")
    queueing = await inbox.take(Event(event["id"], event["type"], line.encode(), event))
    if queueing is not None:
        await queueing
    _DOING.set("watch")
    session = event["data"]["object"]
    report = f"{session['id']}:{session['metadata']['product']}"
    async with asyncio.timeout(_PATIENCE_S):
        while await inbox.deps.db.reports.count_documents({"_id": report, "state": "stored"}) == 0:  # noqa: ASYNC110  # others end it
            await asyncio.sleep(0.2)
    await asyncio.sleep(_SETTLE_S)


async def run(commands: Commands) -> None:
    """See every order through, one at a time."""
    inbox = EventInbox(open_deps(read_settings()))
    for line in sys.stdin:
        commands.take()
        await asyncio.create_task(see_through(inbox, line.strip()))
        sys.stdout.write(f"{json.dumps(commands.take())}\n")
        sys.stdout.flush()


def main(queue: str) -> None:
    """Run the worker of a queue, and the webhook beside it."""
    settings = read_settings()
    set_up_logs(settings.log_format, f"counted {queue}")
    counted = Commands()
    monitoring.register(counted)
    asyncio.run(wait_for_servers(settings))
    worker = WorkerProcess(settings, queue, 32, Renderer(), Heart(settings.mongodb_url))
    worker.begin(threading.Event())
    asyncio.run(run(counted))
    worker.close()


if __name__ == "__main__":
    main(sys.argv[1])
