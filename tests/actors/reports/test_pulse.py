"""Pulse of a worker that buys sections: what it may be taken for dead with, it does not buy."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

import pytest

from actors.deps.process import Deps
from actors.deps.pulse import Beat, Pulse
from storage.claims import expire_step
from storage.records.work import Step
from tests.actors.builders import state, with_sections
from tests.actors.reports.writing import PatientClock, Provider, answer, entries, open_provider, write, writing

pytestmark = pytest.mark.anyio


class Thawed(PatientClock):
    """Clock of a process that was frozen: its next beat comes while it sleeps, and something before it."""

    def __init__(self, before_beat: Callable[[], Awaitable[object]]) -> None:
        """Take what happens before the beat."""
        super().__init__()
        self.before_beat, self.pulse = before_beat, Pulse()
        self.beat()
        self.forward(10)

    def beat(self) -> None:
        """Let the heart beat."""
        self.pulse.last = Beat(self.now(), self.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Let the beat come within a short sleep."""
        if seconds > 1:
            await super().sleep(seconds)
        await self.before_beat()
        self.beat()


async def test_a_process_that_was_frozen_buys_nothing_before_its_next_beat(deps: Deps) -> None:
    """What it claims when it wakes up may still be taken with all that it held, and is bought by who takes it."""
    provider, (order, sections) = open_provider(), await with_sections(deps)

    async def take() -> None:
        seen = await state(deps, sections[0])
        assert await expire_step(deps.db, seen, "m2", deps.clock.now())

    clock = Thawed(take)
    await write(replace(writing(deps, provider), clock=clock, pulse=clock.pulse), order, sections[0])
    assert provider.asked == []
    assert await entries(deps, sections[0]) == []
    found = await state(deps, sections[0])
    assert (found["state"], found["message"]) == ("queued", "m2")


async def test_a_process_that_beats_again_buys_what_it_still_has(deps: Deps) -> None:
    """Its claim is renewed after the beat, so that whoever saw it before cannot take it any more."""
    provider, (order, sections) = open_provider(answer()), await with_sections(deps)
    seen: list[Step] = []

    async def look() -> None:
        seen.append(await state(deps, sections[0]))

    clock = Thawed(look)
    await write(replace(writing(deps, provider), clock=clock, pulse=clock.pulse), order, sections[0])
    assert len(provider.asked) == 1
    assert (await state(deps, sections[0]))["epoch"] > seen[0]["epoch"]
    assert await entries(deps, sections[0]) == [("settled", "written")]


class Overtaken(Thawed):
    """Clock of a process whose beat comes while its fence is on the way."""

    def __init__(self, provider: Provider) -> None:
        """Take whose room is waited for before the fence."""
        self.provider, self.overtakes = provider, True
        super().__init__(asyncio.Event().wait)

    def now(self) -> datetime:
        """Return the moment, with a beat at the first question after there is room."""
        if self.overtakes and self.provider.waiting.is_set():
            self.overtakes = False
            self.beat()
        return super().now()


async def test_a_beat_that_overtakes_the_fence_makes_it_no_younger(deps: Deps) -> None:
    """Who saw the fence may not have seen the beat, and take the claim: it is fenced once more before."""
    provider, (order, sections) = open_provider(answer()), await with_sections(deps)
    clock = Overtaken(provider)
    await write(replace(writing(deps, provider), clock=clock, pulse=clock.pulse), order, sections[0])
    assert (len(provider.asked), (await state(deps, sections[0]))["attempts"]) == (1, 2)
