"""The stub's endpoints: the one that Pressroom calls, and those that control it."""

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.llm.answers import (
    Asked,
    Json,
    answer_refusal,
    answer_text,
    answer_truncated,
    error_body,
    read_input,
)
from infra.local.llm.faults import Fault, Faults
from infra.local.llm.limits import Limits, LimitsWanted
from infra.local.llm.prose import write_prose
from infra.local.llm.records import Record, Records
from infra.local.serve import reset_connection


class _Latency(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class Llm:
    """One account at the stub."""

    def __init__(self, key: str, latency_s: float, limits: Limits) -> None:
        self._key = key
        self._latency_s = latency_s
        self._limits = limits
        self._records = Records()
        self._faults = Faults()
        self._warm: set[str] = set()

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        doors: list[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = [
            ("POST", "/v1/responses", self.create_response),
            ("GET", "/requests", self.list_requests),
            ("GET", "/faults", self.list_faults),
            ("POST", "/faults", self.add_faults),
            ("DELETE", "/faults", self.clear_faults),
            ("POST", "/latency", self.set_latency),
            ("POST", "/limits", self.set_limits),
        ]
        return Starlette(
            routes=[Route(path, endpoint, methods=[method]) for method, path, endpoint in doors],
            exception_handlers={404: self.not_found, msgspec.MsgspecError: self.bad_control},
        )

    async def create_response(self, request: Request) -> Response:
        """`POST /v1/responses`: recorded on arrival, answered after the latency, whoever is still there."""
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return self._reply(401, error_body(401))
        body = await _read_json(request)
        if body is None or not body.get("model") or "input" not in body:
            return self._reply(400, error_body(400, "model and input are required."))
        if body.get("stream"):
            return self._reply(400, error_body(400, "This stub does not stream."))
        asked = Asked(body, read_input(body["input"]))
        record = self._records.open(asked.metadata, request.headers.get("x-client-request-id"), asked.text)
        response = await self._answer(request, asked, record)
        gone = await request.is_disconnected()
        self._records.close(record, response.status_code if response else 0, client_gone=gone)
        # uvicorn drops what is sent on a line that is gone, so an empty answer stands for none.
        return response or Response()

    async def _answer(self, request: Request, asked: Asked, record: Record) -> Response | None:
        fault = self._faults.take(record.order, record.product, record.section)
        record.fault = fault.kind if fault else None
        if fault and fault.kind == "status":
            return self._refuse(fault.status or 500, fault.retry_after)
        if broken := self._limits.refuse(asked.tokens + int(asked.body.get("max_output_tokens") or 0)):
            record.fault = "limit"
            return self._refuse(429, math.ceil(broken[1]), f"Rate limit reached for {broken[0]}.")
        await asyncio.sleep(fault.seconds if fault and fault.kind == "hang" else self._latency_s)
        if fault and fault.kind == "reset":
            reset_connection(request)
            return None
        return self._reply(200, self._compose(asked, record, fault))

    def _compose(self, asked: Asked, record: Record, fault: Fault | None) -> Json:
        kind = fault.kind if fault else None
        if kind == "refusal":
            return answer_refusal(asked)
        if kind == "empty":
            return answer_text(asked, "", cached=False)
        if fault is not None and kind == "text":
            return answer_text(asked, fault.text, cached=False)
        text = write_prose(record.order, record.product, record.section, asked.text, record.word)
        if kind == "truncated":
            return answer_truncated(asked, text)
        return answer_text(asked, text, cached=self._was_warm(asked))

    def _was_warm(self, asked: Asked) -> bool:
        """Whether the same fixed part came before; from now on it is warm."""
        key = f"{asked.body.get('prompt_cache_key')}\n{asked.instructions}"
        warm = key in self._warm
        self._warm.add(key)
        return warm

    def _refuse(self, status: int, retry_after: float | None, message: str | None = None) -> Response:
        response = self._reply(status, error_body(status, message))
        if retry_after is not None:
            response.headers["retry-after"] = f"{retry_after:g}"
        return response

    def _reply(self, status: int, body: Json) -> Response:
        headers = {"x-request-id": f"req_{secrets.token_hex(16)}", "openai-version": "2020-10-01"}
        return JSONResponse(body, status, headers={**headers, **self._limits.headers()})

    async def list_requests(self, request: Request) -> Response:
        """Every request so far; `?order=`, `?product=` and `?section=` choose."""
        query = request.query_params
        wanted = {field: query.get(field) for field in ("order", "product", "section")}
        return JSONResponse(self._records.as_json(**wanted))

    async def list_faults(self, _request: Request) -> Response:
        """The faults still to come."""
        return JSONResponse(msgspec.to_builtins(self._faults.all()))

    async def add_faults(self, request: Request) -> Response:
        """Ask for a fault, or a list of them: the fields of `Fault` as JSON."""
        given = msgspec.json.decode(await request.body(), type=Fault | list[Fault])
        self._faults.add(given if isinstance(given, list) else [given])
        return await self.list_faults(request)

    async def clear_faults(self, request: Request) -> Response:
        """Ask for no more faults."""
        self._faults.clear()
        return await self.list_faults(request)

    async def set_latency(self, request: Request) -> Response:
        """`{"seconds": 0.5}`: how long each answer takes from now on."""
        self._latency_s = msgspec.json.decode(await request.body(), type=_Latency).seconds
        return JSONResponse({"seconds": self._latency_s})

    async def set_limits(self, request: Request) -> Response:
        """`{"requests_per_minute": …, "tokens_per_minute": …}`: new limits, with full buckets."""
        wanted = msgspec.json.decode(await request.body(), type=LimitsWanted)
        self._limits = Limits(wanted.requests_per_minute, wanted.tokens_per_minute)
        return JSONResponse(msgspec.to_builtins(wanted))

    async def not_found(self, request: Request, _error: Exception) -> Response:
        """An unknown path, in OpenAI's words."""
        return self._reply(404, error_body(404, f"Invalid URL ({request.method} {request.url.path})"))

    async def bad_control(self, _request: Request, error: Exception) -> Response:
        """A control request that says nothing sensible."""
        return JSONResponse({"error": str(error)}, 400)


async def _read_json(request: Request) -> Json | None:
    try:
        body = msgspec.json.decode(await request.body())
    except msgspec.MsgspecError:
        return None
    return body if isinstance(body, dict) else None
