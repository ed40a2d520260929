"""Metrics of one process, and the small server that shows them to Prometheus.

Labels are of the catalogue, of this code and of nothing else: no order, no customer, no brand's free text.
"""

from collections.abc import Mapping

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, start_http_server

from infra.logs import log
from infra.memory import memory_of_children
from infra.settings import Settings

#: The ports that are tried: as many processes of one machine may share the setting.
_PORTS = 20
_SHORT_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LONG_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600)

WEBHOOK_S = Histogram(
    "pressroom_webhook_seconds", "Answers to Stripe, until they are sent.", ["outcome"], buckets=_SHORT_S
)
STEPS = Counter(
    "pressroom_step_events", "Steps claimed, done, released, lost, dead.", ["product", "kind", "event"]
)
LLM_CALLS = Counter("pressroom_llm_calls", "Calls to the LLM that ended.", ["product", "outcome"])
LLM_TOKENS = Counter(
    "pressroom_llm_tokens",
    "Tokens that were paid for; cached and written ones are input, too.",
    ["product", "kind"],
)
LLM_DOLLARS = Counter("pressroom_llm_cost_dollars", "Cost of calls whose price is known.", ["product"])
LLM_UNPRICED = Counter("pressroom_llm_unpriced_calls", "Calls that were paid for at no known price.", ["product"])
LLM_CALL_S = Histogram("pressroom_llm_call_seconds", "Calls to the LLM.", buckets=_LONG_S)
LLM_ROOM_S = Histogram("pressroom_llm_room_seconds", "Waiting for room within the limits.", buckets=_LONG_S)
RENDER_S = Histogram(
    "pressroom_render_seconds",
    "Chapters set and books bound, from the wish to the file.",
    ["kind"],
    buckets=_LONG_S,
)
MAILS = Counter("pressroom_mails", "Tries to send a letter to a customer.", ["kind", "outcome"])
for _kind in ("completion", "delay", "failure"):
    MAILS.labels(_kind, "sent")  # from 0 on: Prometheus sees no increase in a counter that begins with 1
RESENT = Counter("pressroom_messages_resent", "Messages that the sweep sent again.", ["product", "kind"])
DEAD_WORKERS = Counter("pressroom_dead_workers", "Workers that a sweep took for dead.", ["queue"])
_CHILDREN = Gauge("pressroom_children_memory_bytes", "Memory of this process's children, shared pages in parts.")
_CHILDREN.set_function(memory_of_children)


def count_call(product: str, outcome: str, usage: Mapping[str, object], cost_usd: float | None) -> None:
    """Count a call to the LLM that ended. Without a `usage` nothing was charged, as far as is known."""
    LLM_CALLS.labels(product, outcome).inc()
    for kind in ("input", "cached", "cache_write", "output"):
        tokens = usage.get(kind)
        LLM_TOKENS.labels(product, kind).inc(tokens if isinstance(tokens, int) else 0)
    if cost_usd is not None:
        LLM_DOLLARS.labels(product).inc(cost_usd)
    elif usage:
        LLM_UNPRICED.labels(product).inc()


def serve_metrics(settings: Settings) -> None:
    """Serve this process's metrics if a port is set: at that one, or the next of twenty that is free.

    A process without a free one does its work all the same, and logs an error.
    """
    first = settings.metrics_port
    if first is None:
        return
    for port in range(first, min(first + _PORTS, 1 << 16)):
        try:
            start_http_server(port, settings.metrics_host, REGISTRY)
        except OSError:
            continue
        log.info("metrics_served", host=settings.metrics_host, port=port)
        return
    log.error("metrics_not_served", host=settings.metrics_host, first_port=first)
