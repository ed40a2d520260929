"""An order as a trace: one, from the webhook to the mail, whichever processes worked for it."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from infra.otlp import ids_of
from tests.collector import Collector, Span
from tests.pressroom import Pressroom


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A collector on the loopback."""
    with Collector() as running:
        yield running


@pytest.fixture
def traced(stack: Stack, collector: Collector) -> Iterator[Pressroom]:
    """Every process that an order needs, which sends its spans soon."""
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
    with Pressroom(stack, **env) as running:
        running.start_missing()
        yield running


def test_an_order_is_one_trace_from_the_webhook_to_the_mail(traced: Pressroom, collector: Collector) -> None:
    """Webhook, calls, chapters, book, uploads and mail hang from the order; nothing of its customer's is told."""
    order = traced.buy()
    traced.until_delivered(order)
    trace, whole = ids_of(order)
    traced.redis.flushdb()

    def told() -> list[Span]:
        spans = [one for one in collector.spans() if int.from_bytes(one.trace) == trace]
        return spans if "order" in {one.name for one in spans} else []

    spans = traced.until("the span of the whole order", told)
    names = [one.name for one in spans]
    expected = {
        "order": 1,
        "webhook": 1,
        "write_section": 4,
        "llm call": 4,
        "typeset chapter": 4,
        "upload chapter": 4,
        "bind book": 1,
        "upload book": 1,
        "mail": 1,
    }
    assert {name: names.count(name) for name in expected} == expected
    by_id = {one.id: one for one in spans}
    assert int.from_bytes(next(one.id for one in spans if one.name == "order")) == whole
    assert all(one.parent in by_id for one in spans if one.name != "order")
    parents = {by_id[one.parent].name for one in spans if one.name == "llm call"}
    assert parents == {"write_section"}
    assert {one.service for one in spans} == {
        "pressroom-web", "pressroom-worker-life_clarity", "pressroom-worker-bundle"
    }  # fmt: skip
    assert not any(one.failed for one in spans)
    call = next(one.facts for one in spans if one.name == "llm call")
    assert (call["outcome"], call["gen_ai.usage.output_tokens"] > 0) == ("written", True)
    everything = b"".join(collector.bodies)
    token = traced.order(order)["url"].rpartition("/")[2]
    secrets = [traced.email, "Ada Byron", "Shall I go", token]
    assert [one for one in secrets if one.encode() in everything] == []


def test_a_collector_that_is_away_delays_no_order(stack: Stack, collector: Collector) -> None:
    """Its spans are dropped, the order is delivered, and each process ends in time, as one that is told to end."""
    url = collector.url.rpartition(":")[0] + ":9"
    with Pressroom(stack, OTEL_EXPORTER_OTLP_ENDPOINT=url) as running:
        running.start_missing()
        running.until_delivered(running.buy())
        for part in running.parts:
            part.ask_to_stop()
        for part in running.parts:
            part.wait_stopped(10)
        assert {part.name: part.exit_code for part in running.parts if part.exit_code} == {}
