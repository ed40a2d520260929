"""Spans by OpenTelemetry's SDK, sent over OTLP. The SDK reads endpoint, headers and sampler from OTEL_* itself."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)

Said = Mapping[str, str | int | float | bool]

#: The ids of the span of a whole order while it is told of.
_given: ContextVar[tuple[int, int] | None] = ContextVar("given", default=None)


class _Ids(RandomIdGenerator):
    """Ids by chance, but for the span of a whole order."""

    def generate_trace_id(self) -> int:
        """Return the id of a trace."""
        given = _given.get()
        return given[0] if given else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the id of a span."""
        given = _given.get()
        return given[1] if given else super().generate_span_id()


def ids_of(order: str) -> tuple[int, int]:
    """Return the ids of an order's trace, and of the span from which its others hang."""
    digest = hashlib.sha256(f"pressroom order {order}".encode()).digest()
    return int.from_bytes(digest[:16]), int.from_bytes(digest[16:24])


class OtlpSpans:
    """Spans of one process, sent in the background. Those that cannot be sent are dropped."""

    def __init__(self, service: str) -> None:
        """Begin, under that name of a service unless the environment gives another."""
        resource = Resource.create({"service.name": service}).merge(OTELResourceDetector().detect())
        provider = TracerProvider(resource=resource, id_generator=_Ids(), shutdown_on_exit=False)
        self._sending = BatchSpanProcessor(OTLPSpanExporter())
        provider.add_span_processor(self._sending)
        self._sampler, self._tracer = provider.sampler, provider.get_tracer("pressroom")

    @contextmanager
    def span(self, name: str, order: str | None, said: Said) -> Iterator[None]:
        """Tell of the block, if it is part of an order. Of an error only its type is told: its words may quote."""
        around = self._whole(order) if order is not None else None
        if around is None and not get_current_span().get_span_context().is_valid:
            yield
            return
        with self._tracer.start_as_current_span(
            name, around, record_exception=False, set_status_on_exception=False
        ) as told:
            try:
                yield
            except BaseException as error:
                told.set_status(StatusCode.ERROR, type(error).__name__)
                raise
            finally:
                told.set_attributes(said)

    def tell_order(self, order: str, began: datetime, ended: datetime, said: Said) -> None:
        """Tell of a whole order."""
        token = _given.set(ids_of(order))
        try:
            told = self._tracer.start_span("order", Context(), attributes=said, start_time=_ns(began))
        finally:
            _given.reset(token)
        told.end(_ns(ended))

    def flush(self) -> None:
        """Send what is left."""
        self._sending.force_flush()

    def _whole(self, order: str) -> Context:
        """Return the context of an order's span, which may come later, and is sampled as all of its trace is."""
        trace, span = ids_of(order)
        sampled = self._sampler.should_sample(Context(), trace, "order").decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return set_span_in_context(
            NonRecordingSpan(SpanContext(trace, span, is_remote=True, trace_flags=flags)), Context()
        )


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000_000)
