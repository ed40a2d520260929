"""The end of a model: an operator hears of it sixty and fourteen days before, once each."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from actors.deps.process import Deps
from actors.sweep.model import warn_of_models_end
from infra.local.stack import Stack
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def ending(stack: Stack) -> Iterator[Stack]:
    """The stack, whose models are there to stay afterwards."""
    yield stack
    stack.llm.end_model("gpt-5-mini", None)


async def told(deps: Deps) -> list[str | None]:
    """Return the subjects of the alerts about the model, in order."""
    await warn_of_models_end(deps)
    await warn_of_models_end(deps)
    return [alert["event"] async for alert in deps.db.alerts.find({"kind": "model_ends"}).sort("at")]


async def test_each_warning_is_given_once(deps: Deps, ending: Stack, clock: StoppedClock) -> None:
    """Nothing is said before, and each of the two warnings is one alert that names model and day."""
    last_day = clock.now() + timedelta(days=70)
    assert await told(deps) == []
    ending.llm.end_model("gpt-5-mini", f"{last_day:%Y-%m-%d}")
    assert await told(deps) == []
    clock.forward(timedelta(days=11).total_seconds())
    assert await told(deps) == ["gpt-5-mini, 60 days"]
    clock.forward(timedelta(days=46).total_seconds())
    assert await told(deps) == ["gpt-5-mini, 60 days", "gpt-5-mini, 14 days"]
    alert = await deps.db.alerts.find_one({"kind": "model_ends"})
    assert alert is not None
    assert f"gpt-5-mini on {last_day:%Y-%m-%d}" in alert["text"]
