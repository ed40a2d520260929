"""A collector of traces on the loopback: OTLP over HTTP, as OpenTelemetry's own definitions read it."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from infra.local.ports import HOST
from tests.serving import Served


class Span(NamedTuple):
    """Span as it was sent: who sent it, and its facts."""

    service: str
    name: str
    trace: bytes
    id: bytes
    parent: bytes
    began_ns: int
    ended_ns: int
    facts: dict[str, Any]
    failed: bool


class Collector(Served):
    """Collector that keeps each request. To be used as `with Collector() as collector:`."""

    def __init__(self) -> None:
        """Take everything."""
        self.bodies: list[bytes] = []
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self.url = f"http://{HOST}:{self._server.server_port}"

    def spans(self) -> Iterator[Span]:
        """Yield all spans that came."""
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                service = _facts(resource.resource.attributes)["service.name"]
                for scope in resource.scope_spans:
                    for one in scope.spans:
                        times = (one.start_time_unix_nano, one.end_time_unix_nano)
                        ids = (one.trace_id, one.span_id, one.parent_span_id)
                        yield Span(service, one.name, *ids, *times, _facts(one.attributes), one.status.code == 2)


def _facts(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                collector.bodies.append(body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
