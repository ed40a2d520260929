"""GroupCommit: what comes together is done together, and each caller gets what is its own."""

import asyncio

import pytest

from infra.errors import TransientError
from infra.group_commit import GroupCommit

pytestmark = pytest.mark.anyio


class Counter:
    """Work that doubles numbers, and notes what it was given each time; it waits for its gate."""

    def __init__(self) -> None:
        """Let everything through."""
        self.given: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def double(self, numbers: list[int]) -> list[int]:
        """Return each number's double; a negative one fails the whole round, 13 with an error that may pass."""
        self.given.append(numbers)
        await self.gate.wait()
        if 13 in numbers:
            raise TransientError("Not now.")
        if min(numbers) < 0:
            raise ValueError("negative")
        return [2 * number for number in numbers]


async def test_what_comes_during_a_round_is_the_next_one() -> None:
    """All who come during a round go together, at most as many as may, and each gets its own result."""
    counter = Counter()
    rounds = GroupCommit(counter.double, most=3)
    counter.gate.clear()
    asked = [asyncio.create_task(rounds.join(number)) for number in range(5)]
    await asyncio.sleep(0)
    counter.gate.set()
    assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8]
    assert sorted(map(len, counter.given)) == [2, 3]


async def test_who_leaves_takes_nobody_along() -> None:
    """Of a round that one caller no longer waits for, the others get their results."""
    counter = Counter()
    rounds = GroupCommit(counter.double, most=9)
    counter.gate.clear()
    asked = [asyncio.create_task(rounds.join(number)) for number in range(3)]
    await asyncio.sleep(0)
    asked[1].cancel()
    counter.gate.set()
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert (results[0], results[2]) == (0, 4)
    assert isinstance(results[1], asyncio.CancelledError)


async def test_one_that_cannot_be_done_fails_alone() -> None:
    """A round that fails for good is done again one by one, so that only the one at fault hears of it."""
    rounds = GroupCommit(Counter().double, most=9)
    results = await asyncio.gather(*map(rounds.join, (1, -1, 3)), return_exceptions=True)
    assert (results[0], results[2]) == (2, 6)
    assert isinstance(results[1], ValueError)


async def test_a_failure_that_may_pass_is_everybodys() -> None:
    """When the other side does not answer, nobody of the round is tried again one by one."""
    counter = Counter()
    rounds = GroupCommit(counter.double, most=9)
    results = await asyncio.gather(*map(rounds.join, (1, 13, 3)), return_exceptions=True)
    assert all(isinstance(result, TransientError) for result in results)
    assert len(counter.given) == 1


async def test_nobody_waits_for_a_round_that_was_stopped() -> None:
    """When the process ends a round, all who wait for it or the next one are let go."""
    counter = Counter()
    rounds = GroupCommit(counter.double, most=1)
    counter.gate.clear()
    before = asyncio.all_tasks()
    asked = [asyncio.create_task(rounds.join(number)) for number in range(2)]
    await asyncio.sleep(0)
    (running,) = asyncio.all_tasks() - before - set(asked)
    running.cancel()
    results = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 5)
    assert all(isinstance(result, asyncio.CancelledError) for result in results)
