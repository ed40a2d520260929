"""Traces, if an OTLP endpoint is set: each order is one trace, whose id follows from the order's.

So no message and no document holds a trace's id: whichever process works for an order, however it came to that,
adds its spans to the same trace. Names, kinds, numbers and ids are told, and nothing of a customer's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread
from typing import TYPE_CHECKING

from infra.errors import SettingsError
from infra.settings import Settings

if TYPE_CHECKING:
    from infra.otlp import OtlpSpans

Said = dict[str, str | int | float | bool]

#: How long the last spans may take to go out when a process ends.
_LAST_S = 1.0


class _Tracing:
    """Tracing of this process. `spans` are None, and nothing is loaded for them, without an endpoint."""

    spans: "OtlpSpans | None" = None


_TRACING = _Tracing()


def begin_tracing(settings: Settings, process: str) -> None:
    """Trace this process, if an endpoint is set. SettingsError if the optional dependencies are missing."""
    endpoint = settings.otel_exporter_otlp_endpoint or settings.otel_exporter_otlp_traces_endpoint
    if settings.otel_sdk_disabled or not endpoint:
        return
    try:
        from infra.otlp import OtlpSpans
    except ImportError:
        raise SettingsError(
            "OTEL_EXPORTER_OTLP_ENDPOINT asks for traces: install the optional dependencies, pressroom[traces]."
        ) from None
    _TRACING.spans = OtlpSpans(f"pressroom-{process.replace(' ', '-')}")


@contextmanager
def span(name: str, order: str | None = None, **said: str | float | bool) -> Iterator[Said]:
    """Tell of the block: as part of an order, or of the block around it. Nothing, if it is in neither.

    Facts may be added to the dictionary until the block ends.
    """
    facts: Said = dict(said)
    if _TRACING.spans is None:
        yield facts
        return
    with _TRACING.spans.span(name, order, facts):
        yield facts


def tell_order(order: str, began: datetime, ended: datetime, **said: str | float | bool) -> None:
    """Tell of a whole order, from which all its other spans hang."""
    if _TRACING.spans is not None:
        _TRACING.spans.tell_order(order, began, ended, dict(said))


def end_tracing() -> None:
    """Send the last spans, for a second at most: a process that ends waits for no endpoint."""
    if _TRACING.spans is not None:
        sending = Thread(target=_TRACING.spans.flush, daemon=True)
        sending.start()
        sending.join(_LAST_S)
