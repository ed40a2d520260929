"""A renderer whose owner is about to end: what has begun goes on, what has not can be done elsewhere at once."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.errors import TransientError
from tests.infra.pdf.press import Press, new_press


def until_told(folder: Path) -> str:
    """Say that the work has begun, and do it until told to end."""
    (folder / "begun").touch()
    until((folder / "told").exists)
    return "done"


def until(holds: Callable[[], Any]) -> None:
    """Return once something holds."""
    while not holds():
        time.sleep(0.01)


async def leave(press: Press, folder: Path) -> None:
    """Give one child three pieces of work, and take no more once it has begun the first."""
    first, *others = [asyncio.ensure_future(press.renderer.pool.run(600.0, until_told, folder)) for _ in range(3)]
    await asyncio.to_thread(until, (folder / "begun").exists)
    await asyncio.to_thread(until, press.renderer.pool.begun)
    press.renderer.take_no_more()
    for waiting in others:
        with pytest.raises(TransientError, match="closed"):
            await waiting
    with pytest.raises(TransientError, match="closed"):
        await press.renderer.pool.run(600.0, until_told, folder)
    assert not first.done()
    await asyncio.to_thread((folder / "told").touch)
    assert await first == "done"


def test_what_no_child_has_begun_is_given_back(tmp_path: Path) -> None:
    """Waiting and later work fails at once, as work that may be tried again; the work in a child is finished."""
    with new_press(processes=1) as press:
        press.run(press.renderer.warm_up())
        press.run(leave(press, tmp_path))
