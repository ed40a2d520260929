"""The LLM stub, through the real SDK."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    RateLimitError,
)
from openai.types.responses import Response, ResponseOutputMessage

from infra.local.stack import Stack
from tests import plain_http
from tests.infra.local.waiting import eventually

INPUT = "# The section to write\n\nTitle: Strengths\n\n<name>Anna Schmidt</name>"


@pytest.fixture
def stack(stack: Stack) -> Iterator[Stack]:
    """The stack, with no fault or limit left over."""
    yield stack
    stack.llm.clear_faults()
    stack.llm.tell_limits("real")
    stack.llm.set_limits(requests_per_minute=30_000, tokens_per_minute=180_000_000)


def ask(stack: Stack, order: str, *, section: str = "strengths", timeout: float = 20.0, **more: Any) -> Response:
    """One answer from the stub, by the SDK, without retries."""
    env = stack.env

    async def call() -> Response:
        async with AsyncOpenAI(
            api_key=more.pop("key", env["OPENAI_API_KEY"]),
            base_url=env["OPENAI_BASE_URL"],
            max_retries=0,
            timeout=timeout,
        ) as client:
            answer: Response = await client.responses.create(
                model=env["OPENAI_MODEL"],
                input=INPUT,
                store=False,
                metadata={"order": order, "product": "life_clarity", "section": section},
                **more,
            )
            return answer

    return asyncio.run(call())


def test_an_answer_has_the_real_shape(stack: Stack) -> None:
    """The SDK finds text, usage and status; the request is on record with its word and the caller's id."""
    answer = ask(stack, "shape", extra_headers={"X-Client-Request-Id": "ledger-1"}, instructions="Write well.")
    (record,) = stack.llm.requests(order="shape")
    assert answer.status == "completed"
    assert answer.model == "gpt-5-mini"
    assert answer.metadata == {"order": "shape", "product": "life_clarity", "section": "strengths"}
    assert answer.usage is not None
    assert answer.usage.input_tokens > 0
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    assert answer.usage.input_tokens_details.cached_tokens == 0
    assert f"*{record.word}*" in answer.output_text
    assert record.request_id == "ledger-1"
    assert (record.status, record.fault, record.client_gone) == (200, None, False)
    assert record.finished_at is not None
    assert INPUT in record.input


def test_the_rate_limit_headers_are_there(stack: Stack) -> None:
    """Limits, what is left of them, and the request's id are told in the headers."""
    env = stack.env

    async def headers() -> dict[str, str]:
        async with AsyncOpenAI(api_key=env["OPENAI_API_KEY"], base_url=env["OPENAI_BASE_URL"]) as client:
            raw = await client.responses.with_raw_response.create(model=env["OPENAI_MODEL"], input="Hello")
            return dict(raw.headers)

    stack.llm.set_limits(requests_per_minute=60, tokens_per_minute=60_000)
    told = asyncio.run(headers())
    assert told["x-ratelimit-limit-requests"] == "60"
    assert told["x-ratelimit-remaining-requests"] == "59"
    assert told["x-ratelimit-limit-tokens"] == "60000"
    assert told["x-ratelimit-reset-requests"].endswith("s")
    assert told["x-request-id"].startswith("req_")


def test_a_wrong_key_is_refused_and_not_recorded(stack: Stack) -> None:
    """Without the key nothing is bought."""
    with pytest.raises(AuthenticationError):
        ask(stack, "thief", key="sk-wrong")
    assert stack.llm.requests(order="thief") == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (429, RateLimitError),
        (500, InternalServerError),
        (503, InternalServerError),
    ],
)
def test_a_faulted_status_is_the_sdks_own_error(stack: Stack, status: int, error: type[APIStatusError]) -> None:
    """The SDK raises its typed error with OpenAI's body and the pause asked for; the next answer is good."""
    stack.llm.add_faults({"status": status, "section": "strengths", "times": 1, "retry_after": 7})
    with pytest.raises(error) as raised:
        ask(stack, f"status-{status}")
    assert raised.value.response.headers["retry-after"] == "7"
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["message"]
    assert ask(stack, f"status-{status}").status == "completed"
    assert [record.status for record in stack.llm.requests(order=f"status-{status}")] == [status, 200]


def test_a_refusal_is_typed(stack: Stack) -> None:
    """It is content of the type refusal, and no text."""
    stack.llm.add_faults({"kind": "refusal", "times": 1})
    answer = ask(stack, "refusal")
    assert isinstance(answer.output[-1], ResponseOutputMessage)
    assert answer.output[-1].content[0].type == "refusal"
    assert answer.output_text == ""


def test_a_truncated_answer_says_so(stack: Stack) -> None:
    """Its status is incomplete, its reason the limit of output tokens, and it has some text."""
    stack.llm.add_faults({"kind": "truncated", "times": 1})
    answer = ask(stack, "truncated")
    assert answer.status == "incomplete"
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.output_text


def test_an_empty_or_a_given_text_is_answered_as_asked(stack: Stack) -> None:
    """`empty` has no text, `text` exactly the one that was given."""
    stack.llm.add_faults({"kind": "empty", "times": 1}, {"kind": "text", "text": "The moon.", "times": 1})
    assert ask(stack, "given").output_text == ""
    assert ask(stack, "given").output_text == "The moon."


def test_a_reset_line_is_a_connection_error_and_recorded(stack: Stack) -> None:
    """The SDK sees no answer at all, the record has status 0."""
    stack.llm.add_faults({"kind": "reset", "times": 1})
    with pytest.raises(APIConnectionError):
        ask(stack, "reset")
    eventually(lambda: [record.status for record in stack.llm.requests(order="reset")] == [0])


def test_a_client_that_went_away_is_still_recorded(stack: Stack) -> None:
    """A request is on record while it waits, and finishes as answered to nobody."""
    stack.llm.add_faults({"kind": "hang", "seconds": 1.0, "times": 1})
    with pytest.raises(APITimeoutError):
        ask(stack, "gone", timeout=0.2)
    (record,) = stack.llm.requests(order="gone")
    assert record.finished_at is None
    eventually(lambda: stack.llm.requests(order="gone")[0].finished_at)
    (record,) = stack.llm.requests(order="gone")
    assert (record.status, record.client_gone) == (200, True)


def test_a_fault_meets_only_what_it_names(stack: Stack) -> None:
    """A fault for one section leaves the others alone, and without `times` it stays."""
    stack.llm.add_faults({"status": 500, "section": "decisions"})
    assert ask(stack, "narrow", section="strengths").status == "completed"
    for _ in range(2):
        with pytest.raises(InternalServerError):
            ask(stack, "narrow", section="decisions")


def test_beyond_the_limit_is_a_429_with_a_pause(stack: Stack) -> None:
    """The stub enforces the limit it tells, and the refused request is on record."""
    stack.llm.set_limits(requests_per_minute=2, tokens_per_minute=10**6)
    for _ in range(2):
        assert ask(stack, "limit").status == "completed"
    with pytest.raises(RateLimitError) as raised:
        ask(stack, "limit")
    assert int(raised.value.response.headers["retry-after"]) in range(1, 31)
    assert [record.fault for record in stack.llm.requests(order="limit")] == [None, None, "limit"]


def test_a_request_is_charged_what_it_may_write(stack: Stack) -> None:
    """The limit of tokens counts the most that is asked for, or the input where that is more, not what is used."""
    ask(stack, "charged", max_output_tokens=5000)
    ask(stack, "charged", instructions="Write. " * 4000)
    most, read = stack.llm.requests(order="charged")
    assert most.charged == 5000
    assert 7000 <= read.charged <= 7100


@pytest.mark.parametrize(("told_as", "limit"), [("none", None), ("minus", "-1"), ("nonsense", "lots")])
def test_the_rate_limit_headers_can_be_left_out_or_wrong(stack: Stack, told_as: Any, limit: str | None) -> None:
    """Compatible servers tell no limits, -1 or anything; the answers are as good as ever."""
    stack.llm.tell_limits(told_as)
    answer = plain_http.post(
        f"{stack.env['OPENAI_BASE_URL']}/responses",
        json={"model": "m", "input": "Hello"},
        headers={"Authorization": f"Bearer {stack.env['OPENAI_API_KEY']}"},
        timeout=10,
    )
    assert answer.status_code == 200
    assert answer.headers.get("x-ratelimit-limit-requests") == limit


def test_a_long_answer_has_so_many_words(stack: Stack) -> None:
    """`long` writes as many words as asked for, whatever the request allows."""
    stack.llm.add_faults({"kind": "long", "words": 12_345, "times": 1})
    assert len(ask(stack, "long").output_text.split()) == 12_345


def test_an_uncounted_answer_has_no_usage(stack: Stack) -> None:
    """`uncounted` is an answer like any other, but for its usage."""
    stack.llm.add_faults({"kind": "uncounted", "times": 1})
    answer = ask(stack, "uncounted")
    assert answer.usage is None
    assert answer.output_text


def test_garbage_is_no_json(stack: Stack) -> None:
    """`garbage` has a good status and a body that is a web page."""
    stack.llm.add_faults({"kind": "garbage", "times": 1})
    assert "Bad Gateway" in str(ask(stack, "garbage"))


def test_a_long_prefix_is_stored_once(stack: Stack) -> None:
    """Instructions of 1,024 tokens and more cost a write the first time, and are read from then on."""
    long: dict[str, Any] = {"instructions": "Write well. " * 500, "prompt_cache_key": "a-plan"}
    first, second = (ask(stack, "stored", **long).usage for _ in range(2))
    short = ask(stack, "stored", instructions="Write well.", prompt_cache_key="a-plan").usage
    assert first is not None
    assert second is not None
    assert short is not None
    assert first.input_tokens_details.cached_tokens == 0
    assert second.input_tokens_details.cached_tokens == 1500
    assert short.input_tokens_details.cached_tokens == 0
