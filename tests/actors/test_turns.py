"""Turns: one after another by name, and nobody waits for another name."""

import asyncio

import pytest

from actors.engine.turns import Turns

pytestmark = pytest.mark.anyio


async def test_those_of_one_name_go_one_after_another() -> None:
    """However many want the same turn, one has it; another name's turn is free meanwhile."""
    turns, inside, most = Turns(), 0, 0

    async def take(name: str) -> None:
        nonlocal inside, most
        async with turns.turn(name):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(take("a") for _ in range(9)))
    assert most == 1
    async with turns.turn("a"):
        await asyncio.wait_for(take("b"), 5)
    assert most == 1


async def test_a_turn_that_fails_is_over() -> None:
    """Who raises in its turn leaves it to the next."""
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        async with turns.turn("a"):
            raise ZeroDivisionError
    async with asyncio.timeout(5), turns.turn("a"):
        pass
