"""The models endpoint: a model's last day, and servers that have no such endpoint."""

from collections.abc import Iterator
from datetime import date

import msgspec
import pytest

from infra.errors import TransientError
from infra.llm.models import Model, describe_model
from infra.local.stack import Stack
from infra.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def ending(stack: Stack) -> Iterator[Stack]:
    """The stack, whose models are there to stay afterwards."""
    yield stack
    stack.llm.end_model("gpt-5-mini", None)


async def test_a_last_day_is_read(settings: Settings, ending: Stack) -> None:
    """The day that the provider announces is known, and none is if it announces none."""
    assert await describe_model(settings) == Model()
    ending.llm.end_model("gpt-5-mini", "2026-12-11")
    assert await describe_model(settings) == Model(last_day=date(2026, 12, 11))


@pytest.mark.parametrize("day", ["soon", "", "2026-13-40"])
async def test_a_day_that_is_none_is_passed_over(settings: Settings, ending: Stack, day: str) -> None:
    """Nonsense in the field is no day."""
    ending.llm.end_model("gpt-5-mini", day)
    assert await describe_model(settings) == Model()


async def test_a_wrong_key_is_a_problem(settings: Settings) -> None:
    """A key that the provider refuses is named by its setting."""
    wrong = msgspec.structs.replace(settings, openai_api_key="sk-wrong-one")
    assert (await describe_model(wrong)).problem == "OPENAI_API_KEY is wrong or revoked"


async def test_a_server_without_the_endpoint_says_nothing(settings: Settings, stack: Stack) -> None:
    """A server that answers 404, or anything but a description, is left in peace."""
    for base in (f"{stack.urls.llm}/nothing", stack.urls.inbox):
        elsewhere = msgspec.structs.replace(settings, openai_base_url=base)
        assert await describe_model(elsewhere) == Model()


async def test_a_server_that_is_away_may_come_back(settings: Settings) -> None:
    """No connection is an outage."""
    with pytest.raises(TransientError):
        await describe_model(msgspec.structs.replace(settings, openai_base_url="http://127.0.0.1:9/v1"))


def test_warnings_come_sixty_and_fourteen_days_before() -> None:
    """The nearest warning counts, also when the day is over."""
    model = Model(last_day=date(2026, 12, 11))
    days = (date(2026, 10, 11), date(2026, 10, 12), date(2026, 11, 26), date(2026, 11, 27), date(2027, 1, 1))
    assert [model.warning(day) for day in days] == [None, 60, 60, 14, 14]
    assert Model().warning(date(2026, 1, 1)) is None
