"""Runs the LLM stub: `python -m infra.local.llm.server PORT LATENCY_S`, the key in OPENAI_API_KEY."""

import asyncio
import math
import os
import secrets
import sys
import time
from itertools import cycle, islice
from typing import Annotated, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.llm.exchange import Ask, Json, Record, answer, charge
from infra.local.llm.limits import HeaderStyle, Limits
from infra.local.llm.prose import shorten, write_prose
from infra.local.serve import Fault, Faults, control_route, serve

Kind = Literal[
    "status", "refusal", "truncated", "empty", "hang", "reset", "text", "failed", "long", "uncounted", "garbage"
]

_LABELS = ("order", "product", "section")


class LlmFault(Fault):
    """Answer a request that fits `section`, `product` and `order` (each: any, if not given) in another way.

    `status` is an error with that HTTP status, and `retry_after` seconds in its header if given. `refusal`,
    `truncated` and `empty` are answers without usable text. `failed` is a response of that status. `text` answers
    exactly `text`, `long` so many `words`. `uncounted` leaves out the usage, `garbage` is no JSON. `hang` waits
    `seconds` and then answers, `reset` cuts the line.
    """

    kind: Kind = "status"
    status: Annotated[int, msgspec.Meta(ge=400, le=599)] = 500
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
        self._faults = Faults(LlmFault)
        controls = (self.requests, self.set_latency, self.set_brevity, self.set_limits, self.tell_limits)
        self.routes = [
            Route("/v1/responses", self._respond, methods=["POST"]),
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

    async def _respond(self, request: Request) -> Response:
        """Record the request on arrival, and answer after the latency, even if the caller is gone."""
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return self._refuse(401, "invalid_api_key")
        ask = msgspec.json.decode(await request.body(), type=Ask)
        order, product, section = (ask.metadata.get(label, "") for label in _LABELS)
        request_id = request.headers.get("x-client-request-id")
        record = Record(order, product, section, request_id, ask.input, time.time())
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
            return self._refuse(fault.status, "fault_on_request", fault.retry_after)
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
        return self._reply(200, self._compose(ask, record, fault))

    def _compose(self, ask: Ask, record: Record, fault: LlmFault | None) -> Json:
        text = write_prose(record.order, record.product, record.section, ask.input, record.word)
        if self._brief:
            text = shorten(text)
        if fault and fault.kind in {"text", "empty", "refusal"}:
            text = "I'm sorry, but I can't help with that." if fault.kind == "refusal" else fault.text
        if fault and fault.kind == "long":
            text = " ".join(islice(cycle(text.split()), fault.words))
        return answer(ask, text, kind=record.fault)

    def _refuse(self, status: int, code: str, retry_after: float | None = None) -> Response:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        error = {"message": f"Refused: {code}.", "type": kind, "param": None, "code": code}
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
