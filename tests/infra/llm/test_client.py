"""The LLM edge against the stub, through the real SDK."""

import asyncio
import uuid
from typing import Any

import msgspec
import pytest
import redis

from infra.llm.answer import AccountIsRefused, Answer, ProviderIsBusy, ProviderRefusesUs, Request
from infra.llm.client import Llm
from infra.local.llm.exchange import Record
from infra.local.stack import Stack
from infra.settings import Settings
from tests import plain_http

pytestmark = pytest.mark.anyio


def request(order: str = "") -> Request:
    """Return a request for one section of an order of its own."""
    metadata = {"order": order or f"cs_{uuid.uuid4().hex}", "product": "book", "section": "one"}
    return Request(instructions="Write.", input="# One", cache_key="book", metadata=metadata)


async def written(llm: Llm, asked: Request, entry: str = "") -> Answer:
    """Return the answer to a request, made as soon as there is room for it."""
    async with await llm.reserve(asked) as call:
        return await call.write(entry or f"{asked.metadata['order']}:1")


def seen(stack: Stack, asked: Request) -> list[Record]:
    """Return what the provider has seen of a request."""
    return stack.llm.requests(order=asked.metadata["order"])


async def test_an_answer_has_text_usage_and_price(llm: Llm, stack: Stack) -> None:
    """A written answer says what it cost, and the provider saw our id, key and metadata."""
    asked = request()
    answer = await written(llm, asked, "ledger-1")
    assert answer.outcome == "written"
    assert answer.usage.output > 0
    assert not answer.usage.estimated
    assert answer.cost_usd == llm.prices.cost_usd("gpt-5-mini", answer.usage)
    (record,) = seen(stack, asked)
    assert (record.request_id, record.section) == ("ledger-1", "one")
    assert record.word in answer.text


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"kind": "refusal"}, "refused"),
        ({"kind": "truncated"}, "truncated"),
        ({"kind": "empty"}, "empty"),
        ({"kind": "long", "words": 50_000}, "overlong"),
    ],
    ids=str,
)
async def test_what_is_no_text_is_a_typed_outcome(
    llm: Llm, stack: Stack, fault: dict[str, Any], outcome: str
) -> None:
    """A refusal, a truncation, an empty answer and 50,000 words are outcomes that were paid for, not texts."""
    asked = request()
    stack.llm.add_faults({**fault, "order": asked.metadata["order"]})
    answer = await written(llm, asked)
    assert answer.outcome == outcome
    assert answer.cost_usd is not None
    assert not answer.usage.estimated


async def test_a_body_without_end_is_not_read_to_its_end(llm: Llm, stack: Stack) -> None:
    """Of an answer of several megabytes no more than one is read, and its cost is estimated from that."""
    asked = request()
    stack.llm.add_faults({"kind": "text", "text": "word " * 1_000_000, "order": asked.metadata["order"]})
    answer = await written(llm, asked)
    assert (answer.outcome, answer.text) == ("overlong", "")
    assert answer.usage.estimated
    assert answer.usage.output == 1024 * 1024 // 4


async def test_an_answer_without_usage_is_estimated(llm: Llm, stack: Stack) -> None:
    """A provider that does not count has its tokens estimated, and marked so."""
    asked = request()
    stack.llm.add_faults({"kind": "uncounted", "order": asked.metadata["order"]})
    answer = await written(llm, asked)
    assert answer.outcome == "written"
    assert answer.usage.estimated
    assert answer.usage.output == len(answer.text) // 4


@pytest.mark.parametrize(
    ("fault", "error", "says"),
    [
        ({"status": 429, "retry_after": 0.2}, ProviderIsBusy, "429"),
        ({"status": 500}, ProviderIsBusy, "500"),
        ({"status": 503, "retry_after": 0.1}, ProviderIsBusy, "503"),
        ({"status": 408}, ProviderIsBusy, "408"),
        ({"kind": "reset"}, ProviderIsBusy, "not reached"),
        ({"kind": "failed", "fields": {"usage": None}}, ProviderIsBusy, "server_error"),
        ({"status": 400}, ProviderRefusesUs, "400 (fault_on_request)"),
        (
            {"status": 400, "code": "context_length_exceeded", "param": "input"},
            ProviderRefusesUs,
            "context_length",
        ),
        ({"status": 403, "code": "content_policy_violation"}, ProviderRefusesUs, "403 (content_policy_violation)"),
        ({"status": 401}, AccountIsRefused, "OPENAI_API_KEY"),
        ({"status": 401, "bare": True}, AccountIsRefused, "OPENAI_API_KEY"),
        ({"status": 402}, AccountIsRefused, "no money left"),
        ({"status": 429, "code": "insufficient_quota", "retry_after": 1}, AccountIsRefused, "no money left"),
        ({"status": 500, "code": "insufficient_quota"}, AccountIsRefused, "no money left"),
        ({"status": 403}, AccountIsRefused, "may not use this model"),
        ({"status": 403, "bare": True}, AccountIsRefused, "may not use this model"),
        ({"status": 404, "bare": True}, AccountIsRefused, "OPENAI_BASE_URL"),
        ({"status": 404, "code": "model_not_found"}, AccountIsRefused, "OPENAI_MODEL names a model"),
        (
            {"status": 400, "code": "model_not_found", "param": "model"},
            AccountIsRefused,
            "OPENAI_MODEL names a model",
        ),
        ({"status": 400, "param": "model"}, AccountIsRefused, "OPENAI_MODEL names a model"),
        ({"status": 422}, ProviderRefusesUs, "422"),
    ],
    ids=str,
)
async def test_an_error_is_translated_and_not_retried(
    llm: Llm, stack: Stack, fault: dict[str, Any], error: type[Exception], says: str
) -> None:
    """Each failure is worth another try or not, says what happened, and is exactly one request."""
    asked = request()
    stack.llm.add_faults({**fault, "order": asked.metadata["order"]})
    with pytest.raises(error) as raised:
        await written(llm, asked)
    assert says in str(raised.value)
    assert len(seen(stack, asked)) == 1
    if isinstance(raised.value, ProviderIsBusy):
        assert raised.value.retry_after == fault.get("retry_after")


async def test_a_wrong_key_says_which_setting_is_wrong(settings: Settings) -> None:
    """An operator who reads the dead letter of a refused key knows what to mend, and does not see the key."""
    llm = Llm(msgspec.structs.replace(settings, openai_api_key="sk-wrong-one"))
    with pytest.raises(AccountIsRefused, match="OPENAI_API_KEY") as raised:
        await written(llm, request())
    assert "sk-wrong-one" not in str(raised.value)
    await llm.close()


async def test_a_provider_that_hangs_is_given_up_in_time(settings: Settings, stack: Stack) -> None:
    """A call ends after LLM_TIMEOUT_S, as an outage that may pass."""
    llm, asked = Llm(msgspec.structs.replace(settings, llm_timeout_s=0.3)), request()
    stack.llm.add_faults({"kind": "hang", "seconds": 5.0, "order": asked.metadata["order"]})
    with pytest.raises(ProviderIsBusy, match="Timeout"):
        await written(llm, asked)
    await llm.close()


@pytest.mark.parametrize("told_as", ["none", "minus", "nonsense"])
async def test_headers_without_sense_disturb_nobody(llm: Llm, stack: Stack, told_as: Any) -> None:
    """A provider that tells no limits, `-1`, or anything at all in their headers is used by our own limits."""
    stack.llm.tell_limits(told_as)
    for _ in range(3):
        assert (await written(llm, request())).outcome == "written"


async def test_a_pause_that_is_asked_for_is_kept_by_the_others(llm: Llm, settings: Settings, stack: Stack) -> None:
    """After one worker's 429 with `retry-after` another worker asks no sooner than the provider wished."""
    other, asked, second = Llm(settings), request(), request()
    stack.llm.add_faults({"status": 429, "retry_after": 0.5, "order": asked.metadata["order"]})
    with pytest.raises(ProviderIsBusy):
        await written(llm, asked)
    await written(other, second)
    refused, answered = seen(stack, asked)[0], seen(stack, second)[0]
    assert refused.finished_at is not None
    # Redis counts in whole milliseconds.
    assert answered.started_at - refused.finished_at >= 0.5 - 0.002
    await other.close()


async def test_workers_together_are_never_refused(settings: Settings, stack: Stack) -> None:
    """Three workers that ask without end get no 429 from a provider whose minute is used up but for two calls."""
    # A call is charged all that it may write: twenty calls a second, of which a test sees one and a half.
    tokens = 20 * 60 * 4096
    stack.llm.set_limits(requests_per_minute=60_000, tokens_per_minute=tokens)
    mine = msgspec.structs.replace(settings, llm_requests_per_minute=60_000, llm_tokens_per_minute=tokens)
    use_up(settings, tokens - 2 * 4096)
    llms = [Llm(mine) for _ in range(3)]
    order = f"cs_{uuid.uuid4().hex}"

    async def ask(llm: Llm) -> None:
        for _ in range(5):
            await written(llm, request(order))

    await asyncio.gather(*(ask(llm) for llm in llms for _ in range(2)))
    assert [record.status for record in stack.llm.requests(order=order)] == [200] * 30
    for llm in llms:
        await llm.close()


def use_up(settings: Settings, tokens: int) -> None:
    """Take so many tokens of the provider's minute, as another program with the same key would."""
    taken = plain_http.post(
        f"{settings.openai_base_url}/responses",
        json={"model": settings.openai_model, "input": "All of it.", "max_output_tokens": tokens},
        headers={"Authorization": f"Bearer {settings.openai_api_key}"},
        timeout=10,
    )
    assert taken.status_code == 200


async def test_room_that_was_not_used_is_given_back(llm: Llm, redis_url: str) -> None:
    """Who got room and makes no call, because its claim is lost, leaves nothing in the air."""
    async with await llm.reserve(request()):
        pass
    client = redis.Redis.from_url(redis_url)
    assert client.zcard("pressroom:llm:gpt-5-mini:calls") == 0
    client.close()
