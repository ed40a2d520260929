"""Provider of sections, as a test has it reply, and the worker that asks it."""

import asyncio
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.reports.perform_step import perform
from actors.reports.write_section import write_section
from infra.llm.answer import Answer, Request, Usage
from storage.records.work import Step
from tests.actors.builders import working
from tests.conftest import StoppedClock


def answer(outcome: Any = "written") -> Answer:
    """Return an answer that was paid for."""
    return Answer(outcome, "Some words." if outcome == "written" else "", "gpt-5-mini", Usage(100, 0, 50), 0.01)


@dataclass
class Provider:
    """LLM that gives room when it may, and replies in turn. It keeps the requests that it was given."""

    replies: list[Any] = field(default_factory=list)
    room: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    calling: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Request] = field(default_factory=list)
    unused: int = 0

    async def reserve(self, request: Request, *, priority: int = 0) -> "Room":
        """Wait until there is room."""
        del priority
        self.waiting.set()
        await self.room.wait()
        return Room(self, request)


class Room:
    """Room for one call."""

    def __init__(self, provider: Provider, request: Request) -> None:
        """Start unused."""
        self.provider, self.request, self.used = provider, request, False

    async def write(self, entry: str) -> Answer:
        """Reply with an answer or an error, or wait as a slow call does."""
        assert entry
        self.used = True
        self.provider.asked.append(self.request)
        self.provider.calling.set()
        reply = self.provider.replies.pop(0)
        if isinstance(reply, asyncio.Event):
            await reply.wait()
        if isinstance(reply, Exception):
            raise reply
        assert isinstance(reply, Answer)
        return reply

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.provider.unused += not self.used


class PatientClock(StoppedClock):
    """Clock whose sleepers wait until they are cancelled."""

    async def sleep(self, seconds: float) -> None:
        """Wait for ever."""
        del seconds
        await asyncio.Event().wait()


def writing(deps: Deps, provider: Provider, *, patient: bool = True) -> WorkDeps:
    """Return a worker's deps with that provider."""
    worker = replace(working(deps), llm=provider)
    return replace(worker, clock=PatientClock()) if patient else worker


def open_provider(*replies: Any) -> Provider:
    """Return a provider that has room."""
    provider = Provider(list(replies))
    provider.room.set()
    return provider


async def write(worker: WorkDeps, order: str, step: Step) -> None:
    """Write the section of a step, as its message asks."""
    await perform(worker, order, step["_id"], partial(write_section, worker))


async def entries(deps: Deps, step: Step) -> list[tuple[str, str | None]]:
    """Return the ledger's entries of a step as states and outcomes."""
    found = await deps.db.ledger.find({"step": step["_id"]}).sort("_id").to_list()
    return [(entry["state"], entry.get("outcome")) for entry in found]
