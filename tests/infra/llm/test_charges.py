"""What the provider charges for: whatever tells a usage has a price, and what does not is estimated or unknown."""

from typing import Any

import msgspec
import pytest

from infra.llm.answer import AnswerFailed, ProviderIsBusy, Request, Usage
from infra.llm.prices import Price, Prices
from infra.llm.reading import read_answer

REQUEST = Request(instructions="Write.", input="# One", cache_key="book")
PRICES = Prices({"dear": Price(input=1.0, cached=0.1, output=2.0)})
TOLD = {"input_tokens": 1_000_000, "output_tokens": 500_000}


def read(**body: Any) -> Any:
    """Read an answer that has these fields and no others."""
    return read_answer(msgspec.json.encode({"model": "dear", **body}), REQUEST, "gpt-5-mini", PRICES)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_an_answer_that_failed_has_the_price_of_its_usage(status: str) -> None:
    """What was begun and charged for has its usage and cost, and is not asked for again at once."""
    with pytest.raises(AnswerFailed, match=f"failed: {status}") as raised:
        read(status=status, usage=TOLD)
    failure = raised.value
    assert (failure.model, failure.usage, failure.cost_usd) == ("dear", Usage(1_000_000, 0, 500_000), 2.0)
    assert failure.retry_after == 10


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 5}, "none"], ids=str)
def test_a_failure_without_usage_has_no_price(usage: object) -> None:
    """Nobody knows whether it was paid for, so nothing is estimated."""
    with pytest.raises(ProviderIsBusy) as raised:
        read(status="failed", usage=usage)
    assert type(raised.value) is ProviderIsBusy


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"status": "completed", "output": None}, "unreadable"),
        ({"status": "incomplete", "output": None}, "truncated"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "refused"),
        ({"status": "incomplete", "output": []}, "truncated"),
        ({"status": "in_progress", "output": []}, "empty"),
    ],
    ids=str,
)
def test_an_answer_without_text_has_the_price_of_its_usage(fields: dict[str, Any], outcome: str) -> None:
    """A usage that was told is not estimated, whatever else of the answer is missing."""
    found = read(usage=TOLD, **fields)
    assert (found.outcome, found.text, found.usage.estimated) == (outcome, "", False)
    assert (found.model, found.cost_usd) == ("dear", 2.0)
