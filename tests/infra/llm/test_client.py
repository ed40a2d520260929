"""The LLM edge against the stub, through the real SDK."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from infra.errors import TransientError
from infra.llm.answer import ProviderIsBusy, ProviderRefusesUs, Request, Usage
from infra.llm.client import Llm
from infra.llm.prices import cost_usd
from infra.local.stack import Stack
from infra.settings import read_settings

pytestmark = pytest.mark.anyio


@pytest.fixture
async def llm(stack: Stack) -> AsyncIterator[Llm]:
    """A client of the stub, which has no faults afterwards."""
    client = Llm(read_settings(stack.env))
    yield client
    await client.close()
    stack.llm.clear_faults()


def request(order: str = "") -> Request:
    """Return a request for one section of an order of its own."""
    order = order or f"cs_{uuid.uuid4().hex}"
    metadata = {"order": order, "product": "book", "section": "one"}
    return Request(id=f"{order}:1", instructions="Write.", input="# One", cache_key="book", metadata=metadata)


async def test_an_answer_has_text_usage_and_price(llm: Llm, stack: Stack) -> None:
    """A written answer says what it cost, and the provider saw our id, key and metadata."""
    asked = request()
    answer = await llm.write(asked)
    assert answer.outcome == "written"
    assert answer.usage.output > 0
    assert not answer.usage.estimated
    assert answer.cost_usd == cost_usd("gpt-5-mini", answer.usage)
    seen = stack.llm.requests(order=asked.metadata["order"])
    assert [(one.request_id, one.section) for one in seen] == [(asked.id, "one")]
    assert seen[0].word in answer.text


@pytest.mark.parametrize(
    ("kind", "outcome"), [("refusal", "refused"), ("truncated", "truncated"), ("empty", "empty")]
)
async def test_what_is_no_text_is_a_typed_outcome(llm: Llm, stack: Stack, kind: str, outcome: str) -> None:
    """A refusal, a truncation and an empty answer are outcomes that were paid for, not texts."""
    asked = request()
    stack.llm.add_faults({"kind": kind, "order": asked.metadata["order"]})
    answer = await llm.write(asked)
    assert answer.outcome == outcome
    assert answer.cost_usd is not None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after": 7}, ProviderIsBusy),
        ({"status": 500}, ProviderIsBusy),
        ({"status": 503}, ProviderIsBusy),
        ({"kind": "reset"}, ProviderIsBusy),
        ({"kind": "failed"}, ProviderIsBusy),
        ({"status": 400}, ProviderRefusesUs),
        ({"status": 401}, ProviderRefusesUs),
    ],
    ids=str,
)
async def test_an_error_is_translated_and_not_retried(
    llm: Llm, stack: Stack, fault: dict[str, Any], error: type[Exception]
) -> None:
    """Each failure is worth another try or not, and is exactly one request: none is hidden in the SDK."""
    asked = request()
    stack.llm.add_faults({**fault, "order": asked.metadata["order"]})
    with pytest.raises(error) as raised:
        await llm.write(asked)
    assert len(stack.llm.requests(order=asked.metadata["order"])) == 1
    if isinstance(raised.value, TransientError):
        assert raised.value.retry_after == fault.get("retry_after")


def test_an_unknown_model_has_no_price() -> None:
    """What is not in the price list costs an unknown amount, not nothing."""
    assert cost_usd("llama-9", Usage(1000, 0, 1000)) is None


def test_a_dated_model_costs_what_its_family_does() -> None:
    """Cached input is cheaper, and the date in a model's name does not change its price."""
    usage = Usage(input=1_000_000, cached=400_000, output=1_000_000)
    assert cost_usd("gpt-5-mini-2026-08-07", usage) == pytest.approx(0.6 * 0.25 + 0.4 * 0.025 + 2.00)
    assert cost_usd("gpt-5-minimal", usage) is None
