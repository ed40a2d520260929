"""Runs the LLM stub: `python -m infra.local.llm.server PORT LATENCY_S`, the key in OPENAI_API_KEY."""

import asyncio
import gzip
import math
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from itertools import cycle, islice
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from infra.local.llm.exchange import Ask, Json, Record, answer, charge, message
from infra.local.llm.limits import HeaderStyle, Limits
from infra.local.llm.prose import shorten, write_prose
from infra.local.serve import Fault, Faults, control_route, serve

Kind = Literal[
    "status",
    "refusal",
    "truncated",
    "empty",
    "hang",
    "reset",
    "text",
    "items",
    "failed",
    "long",
    "uncounted",
    "garbage",
    "cut",
    "compressed",
]

_LABELS = ("order", "product", "section")


#: The types of errors that are named by their codes.
_KINDS = {"insufficient_quota": "insufficient_quota"}


async def _cut(request: Request, body: bytes) -> AsyncIterator[bytes]:
    """Send half of a body, and cut the line."""
    yield body[: len(body) // 2]
    await asyncio.sleep(0.05)
    request.state.line.abort()


class LlmFault(Fault):
    """Answer a request that fits `section`, `product` and `order` (each: any, if not given) in another way.

    `status` is an error with that HTTP status, its `code` and `param`, and `retry_after` seconds in its header if
    given; with `bare`, its body is empty. `refusal`, `truncated` and `empty` are answers without usable text.
    `failed` is a response of that status. `text` answers exactly `text`, `items` several messages, each a phase
    (empty for none) and a text, and `long` so many `words`. `uncounted` leaves out the usage, `garbage` is no
    JSON. `hang` waits `seconds` and then answers, `reset` cuts the line before the answer, `cut` within it.
    `compressed` is an answer in gzip. Whatever is answered has `fields` in place of its own.
    """

    kind: Kind = "status"
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
    code: str = "fault_on_request"
    param: str | None = None
    bare: bool = False
    items: tuple[tuple[str, str], ...] = ()
    fields: Json = msgspec.field(default_factory=dict)
    section: str | None = None
    product: str | None = None
    order: str | None = None
    retry_after: float | None = None
    seconds: float = 30.0
    text: str = ""
    words: int = 50_000

    def fits(self, record: Record) -> bool:
        """Return whether it is meant for this request."""
        return all(getattr(self, label) in (None, getattr(record, label)) for label in _LABELS)


class Llm:
    """One account at the stub."""

    def __init__(self, key: str, latency_s: float) -> None:
        self._key = key
        self._latency_s = latency_s
        self._brief = False
        self._limits = Limits()
        self._style: HeaderStyle = "real"
        self._records: list[Record] = []
        #: The prefixes of requests that were answered, by their keys.
        self._stored: set[tuple[str, str]] = set()
        self._faults = Faults(LlmFault)
        #: The last days of models, as the provider announces them.
        self._last_days: dict[str, str] = {}
        #: Parameters that this server does not know.
        self._unknown: list[str] = []
        controls = (
            self.requests,
            self.set_latency,
            self.set_brevity,
            self.set_limits,
            self.tell_limits,
            self.end_model,
            self.refuse_parameters,
        )
        self.routes = [
            Route("/v1/responses", self._respond, methods=["POST"]),
            Route("/v1/models/{model:path}", self._describe),
            control_route(*controls, *self._faults.controls),
        ]

    def requests(self, **wanted: str) -> list[Record]:
        """Return every request so far, of this `order`, `product` and `section` if given."""
        return [one for one in self._records if all(getattr(one, name) == text for name, text in wanted.items())]

    def set_latency(self, seconds: float) -> None:
        """Set how long each answer takes from now on."""
        self._latency_s = seconds

    def set_brevity(self, *, brief: bool) -> None:
        """Set whether answers are a paragraph each from now on, which is soon set in type."""
        self._brief = brief

    def set_limits(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        """Set new limits, with full buckets."""
        self._limits = Limits(requests_per_minute, tokens_per_minute)

    def tell_limits(self, style: HeaderStyle) -> None:
        """Set how the headers of answers tell the limits from now on."""
        self._style = style

    def end_model(self, model: str, day: str | None) -> None:
        """Announce the last day of a model, as YYYY-MM-DD; None announces none."""
        self._last_days = {model: day} if day else {}

    def refuse_parameters(self, *names: str) -> None:
        """Refuse requests that have one of these parameters from now on, as servers do that do not know them."""
        self._unknown = list(names)

    async def _describe(self, request: Request) -> Response:
        """Describe a model, as OpenAI does since 2026-10."""
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return self._refuse(401, "invalid_api_key")
        model = request.path_params["model"]
        last_day = self._last_days.get(model)
        facts = {"id": model, "object": "model", "created": 0, "owned_by": "stub", "shutdown_date": last_day}
        return JSONResponse(facts)

    async def _respond(self, request: Request) -> Response:
        """Record the request on arrival, and answer after the latency, even if the caller is gone."""
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return self._refuse(401, "invalid_api_key")
        asked = msgspec.json.decode(await request.body())
        if unknown := next((name for name in self._unknown if name in asked), None):
            return self._refuse(400, "unknown_parameter", param=unknown)
        ask = msgspec.convert(asked, Ask)
        order, product, section = (ask.metadata.get(label, "") for label in _LABELS)
        request_id = request.headers.get("x-client-request-id")
        effort = ask.reasoning.get("effort")
        record = Record(order, product, section, request_id, ask.input, time.time(), effort=effort)
        self._records.append(record)
        response = await self._answer(request, ask, record)
        record.status = response.status_code if response else 0
        record.client_gone = await request.is_disconnected()
        record.finished_at = time.time()
        # uvicorn drops what is sent on a line that is gone, so an empty answer stands for none.
        return response or Response()

    async def _answer(self, request: Request, ask: Ask, record: Record) -> Response | None:
        fault = self._faults.take(lambda fault: fault.fits(record))
        record.fault = fault.kind if fault else None
        if fault and fault.kind == "status":
            if fault.bare:
                return Response(status_code=fault.status)
            return self._refuse(fault.status, fault.code, fault.retry_after, param=fault.param)
        if wait_s := self._limits.take(requests=1, tokens=charge(ask)):
            record.fault = "limit"
            return self._refuse(429, "rate_limit_exceeded", math.ceil(wait_s))
        record.charged = charge(ask)
        await asyncio.sleep(fault.seconds if fault and fault.kind == "hang" else self._latency_s)
        if fault and fault.kind == "reset":
            request.state.line.abort()
            return None
        if fault and fault.kind == "garbage":
            return Response("<html>502 Bad Gateway</html>", headers=self._limits.headers(self._style))
        composed = self._compose(ask, record, fault)
        if fault and fault.kind == "compressed":
            return Response(gzip.compress(msgspec.json.encode(composed)), headers={"content-encoding": "gzip"})
        if fault and fault.kind == "cut":
            return StreamingResponse(_cut(request, msgspec.json.encode(composed)))
        return self._reply(200, composed)

    def _compose(self, ask: Ask, record: Record, fault: LlmFault | None) -> Json:
        text = write_prose(record.order, record.product, record.section, ask.input, record.word)
        if self._brief:
            text = shorten(text)
        if fault and fault.kind in {"text", "empty", "refusal"}:
            text = "I'm sorry, but I can't help with that." if fault.kind == "refusal" else fault.text
        if fault and fault.kind == "long":
            text = " ".join(islice(cycle(text.split()), fault.words))
        fields = fault.fields if fault else {}
        if fault and fault.kind == "items":
            fields = {"output": [message(said, phase) for phase, said in fault.items], **fields}
        prefix = (ask.prompt_cache_key, ask.instructions)
        is_stored = prefix in self._stored
        self._stored.add(prefix)
        return answer(ask, text, kind=record.fault, fields=fields, is_stored=is_stored)

    def _refuse(
        self, status: int, code: str, retry_after: float | None = None, *, param: str | None = None
    ) -> Response:
        kind = "server_error" if status >= 500 else _KINDS.get(code, "invalid_request_error")
        error = {"message": f"Refused: {code}.", "type": kind, "param": param, "code": code}
        pause = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        return self._reply(status, {"error": error}, **pause)

    def _reply(self, status: int, body: Json, **more: str) -> Response:
        request_id = f"req_{secrets.token_hex(16)}"
        return JSONResponse(
            body, status, {"x-request-id": request_id, **self._limits.headers(self._style), **more}
        )


if __name__ == "__main__":
    port, latency_s = sys.argv[1:]
    serve(int(port), *Llm(os.environ["OPENAI_API_KEY"], float(latency_s)).routes)
