"""A provider that refuses the account, a parameter, or a plain body: through the real SDK."""

import asyncio
from typing import Any

import httpx2
import openai
import pytest

from infra.llm.answer import AccountIsRefused, Request
from infra.llm.client import Llm
from infra.llm.failures import unknown_parameter
from infra.local.stack import Stack
from infra.settings import Settings
from tests.infra.llm.test_client import request, seen, written
from tests.infra.local.waiting import eventually

pytestmark = pytest.mark.anyio


def thoughtful(effort: str = "low") -> Request:
    """Return a request that asks for an effort of reasoning."""
    plain = request()
    return Request(plain.instructions, plain.input, plain.cache_key, plain.metadata, effort=effort)


async def refused(llm: Llm, asked: Request) -> AccountIsRefused:
    """Return the refusal that a request meets."""
    with pytest.raises(AccountIsRefused) as raised:
        await written(llm, asked)
    return raised.value


@pytest.mark.parametrize(
    ("fault", "passes"),
    [
        ({"status": 401}, False),
        ({"status": 402}, False),
        ({"status": 404, "code": "model_not_found"}, False),
        ({"status": 403, "bare": True}, True),
        ({"status": 404, "bare": True}, True),
    ],
    ids=str,
)
async def test_a_refusal_without_a_reason_may_pass(
    llm: Llm, stack: Stack, fault: dict[str, Any], passes: bool
) -> None:
    """A 403 or 404 that says nothing comes in short disruptions; a key, money or model that is gone does not."""
    asked = request()
    stack.llm.add_faults({**fault, "order": asked.metadata["order"]})
    assert (await refused(llm, asked)).may_pass is passes


async def test_one_call_at_a_time_tries_until_the_account_is_well(
    llm: Llm, settings: Settings, stack: Stack
) -> None:
    """Of twenty sections in two workers one asks after two seconds; once it is answered the others go at once."""
    other, first, rest = Llm(settings), request(), [request() for _ in range(20)]
    stack.llm.add_faults({"status": 429, "code": "insufficient_quota", "order": first.metadata["order"]})
    await refused(llm, first)
    (failed,) = seen(stack, first)
    answers = await asyncio.gather(*(written(one, ask) for one, ask in zip([llm, other] * 10, rest, strict=True)))
    assert [answer.outcome for answer in answers] == ["written"] * 20
    records = sorted((seen(stack, ask)[0] for ask in rest), key=lambda record: record.started_at)
    probe, *others = records
    assert failed.finished_at is not None
    assert probe.finished_at is not None
    assert probe.started_at - failed.finished_at >= 2 - 0.002
    assert min(record.started_at for record in others) >= probe.finished_at
    await other.close()


async def test_a_call_in_the_air_before_does_not_reopen(llm: Llm, stack: Stack) -> None:
    """An answer to a call that began before the refusal does not let the others out."""
    slow, failing, next_one = request(), request(), request()
    stack.llm.add_faults(
        {"kind": "hang", "seconds": 0.6, "order": slow.metadata["order"]},
        {"status": 401, "order": failing.metadata["order"]},
    )
    in_the_air = asyncio.create_task(written(llm, slow))
    await asyncio.to_thread(eventually, lambda: seen(stack, slow))
    await refused(llm, failing)
    assert (await in_the_air).outcome == "written"
    await written(llm, next_one)
    (failed,), (later,) = seen(stack, failing), seen(stack, next_one)
    assert failed.finished_at is not None
    assert later.started_at - failed.finished_at >= 2 - 0.002


async def test_effort_is_sent_and_given_room(llm: Llm, stack: Stack) -> None:
    """A product's effort of reasoning reaches the provider, with room for the thoughts; others send none."""
    asked, plain = thoughtful("high"), request()
    await written(llm, asked)
    await written(llm, plain)
    assert [one.effort for one in (*seen(stack, asked), *seen(stack, plain))] == ["high", None]
    assert asked.max_output_tokens == plain.max_output_tokens + 16_384


@pytest.mark.parametrize("name", ["reasoning", "metadata", "prompt_cache_key", "store"])
async def test_a_parameter_that_is_not_known_is_left_out(llm: Llm, stack: Stack, name: str) -> None:
    """A compatible server that does not know a parameter gets the request again without it, once in a process."""
    stack.llm.refuse_parameters(name)
    try:
        assert (await written(llm, thoughtful())).outcome == "written"
        assert llm.refused == {name}
        assert (await written(llm, thoughtful())).outcome == "written"
    finally:
        stack.llm.refuse_parameters()


@pytest.mark.parametrize("kind", ["garbage", "compressed", "cut"])
async def test_an_answer_that_cannot_be_read_was_paid_for(llm: Llm, stack: Stack, kind: str) -> None:
    """A page of a proxy's, a body in gzip and a line that is cut within the answer are outcomes with a cost."""
    asked = request()
    stack.llm.add_faults({"kind": kind, "order": asked.metadata["order"]})
    answer = await written(llm, asked)
    assert (answer.outcome, answer.text, answer.usage.estimated) == ("unreadable", "", True)
    assert answer.cost_usd is not None
    assert len(seen(stack, asked)) == 1


async def test_odd_fields_and_several_items_are_read(llm: Llm, stack: Stack) -> None:
    """Remarks, thoughts and nonsense beside the text are passed over, and what was stored is counted."""
    asked = request()
    usage = {"input_tokens": 9, "output_tokens": 5.0, "input_tokens_details": {"cache_write_tokens": 7}}
    items = [["commentary", "I will write now."], ["final_answer", "<think>Hmm.</think>\n\nThe text."]]
    fields = {"error": "none", "usage": usage}
    stack.llm.add_faults({"kind": "items", "items": items, "fields": fields, "order": asked.metadata["order"]})
    answer = await written(llm, asked)
    assert (answer.outcome, answer.text) == ("written", "The text.")
    assert (answer.usage.input, answer.usage.output, answer.usage.cache_write) == (9, 5, 7)


REFUSALS: list[tuple[Any, str | None]] = [
    ({"message": "Unknown parameter: 'store'.", "param": "store", "code": "unknown_parameter"}, "store"),
    (
        {"message": "Unsupported parameter: 'reasoning.effort' is not supported.", "param": "reasoning.effort"},
        "reasoning",
    ),
    ({"message": "Unsupported value: 'none' is not supported.", "param": "reasoning.effort"}, "reasoning"),
    ({"message": "Unrecognized request argument supplied: prompt_cache_key"}, "prompt_cache_key"),
    ({"detail": [{"loc": ["body", "metadata"], "msg": "Extra inputs are not permitted"}]}, "metadata"),
    ("Extra inputs are not permitted: `store`", "store"),
    ({"message": "Invalid 'metadata.order': string too long.", "param": "metadata.order"}, None),
    ({"message": "Unknown parameter: 'input'.", "param": "input"}, None),
    ({"message": "Not allowed: flagged, see https://platform.example/docs/guides/reasoning#advice"}, None),
    ({"message": "Not supported.", "metadata": {"raw": "x"}}, None),
    (None, None),
]


@pytest.mark.parametrize(("body", "name"), REFUSALS, ids=str)
def test_only_a_parameter_that_is_named_is_left_out(body: Any, name: str | None) -> None:
    """Servers say in many ways which parameter they do not take; what else they call wrong is the request's."""
    response = httpx2.Response(400, request=httpx2.Request("POST", "http://llm.example/v1/responses"))
    error = openai.BadRequestError("Error code: 400", response=response, body=body)
    spare = frozenset({"reasoning", "prompt_cache_key", "metadata", "store"})
    assert unknown_parameter(error, spare) == name
