"""The API that Pressroom's Stripe client calls, and the doors for tests."""

import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.stripe_stub.account import Account
from infra.local.stripe_stub.errors import StripeStubError
from infra.local.stripe_stub.forms import Json, read_form
from infra.local.stripe_stub.ids import new_id
from infra.local.stripe_stub.lists import list_page
from infra.local.stripe_stub.webhooks import API_VERSION, Webhooks

Endpoint = Callable[[Request], Awaitable[Response]]


class _Again(msgspec.Struct, forbid_unknown_fields=True):
    event: str
    copies: int = 1


class Api:
    """The endpoints below `/v1`, which ask for the key, and `/deliveries`, which does not."""

    def __init__(self, key: str, account: Account, webhooks: Webhooks) -> None:
        self._key = key
        self._account = account
        self._webhooks = webhooks

    @property
    def routes(self) -> list[Route]:
        """The endpoints with their paths."""
        sessions = "/v1/checkout/sessions"
        guarded: list[tuple[str, str, Endpoint]] = [
            ("POST", sessions, self.create_session),
            ("GET", sessions, self.list_sessions),
            ("GET", sessions + "/{id}", self.retrieve_session),
            ("GET", sessions + "/{id}/line_items", self.list_line_items),
            ("GET", "/v1/events", self.list_events),
            ("GET", "/v1/events/{id}", self.retrieve_event),
        ]
        doors = [Route(path, self._guard(door), methods=[method]) for method, path, door in guarded]
        anything = ["GET", "POST", "DELETE"]
        return [
            *doors,
            Route("/v1/{path:path}", self._guard(self.unknown), methods=anything),
            Route("/deliveries", self.list_deliveries, methods=["GET"]),
            Route("/deliveries", self.deliver_again, methods=["POST"]),
        ]

    async def create_session(self, request: Request) -> Response:
        """`POST /v1/checkout/sessions`."""
        form = read_form(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        session, replayed = self._account.create_session(form, request.headers.get("idempotency-key"))
        headers = {"idempotent-replayed": "true"} if replayed else {}
        return JSONResponse(self._expanded(session, form), headers=headers)

    async def retrieve_session(self, request: Request) -> Response:
        """`GET /v1/checkout/sessions/{id}`, with `expand[]=line_items` if asked."""
        session = self._account.session(request.path_params["id"])
        return JSONResponse(self._expanded(session, read_form(request.query_params.multi_items())))

    async def list_sessions(self, request: Request) -> Response:
        """`GET /v1/checkout/sessions`."""
        equal = ("status", "payment_intent")
        return JSONResponse(list_page(self._account.sessions(), request.query_params, request.url.path, equal))

    async def list_line_items(self, request: Request) -> Response:
        """`GET /v1/checkout/sessions/{id}/line_items`."""
        items = self._account.line_items(request.path_params["id"])
        return JSONResponse({"object": "list", "data": items, "has_more": False, "url": request.url.path})

    async def list_events(self, request: Request) -> Response:
        """`GET /v1/events`, with `type`, `types` and `delivery_success` if asked."""
        asked = read_form(request.query_params.multi_items())
        events = self._account.events()
        if "types" in asked:
            events = [event for event in events if event["type"] in asked["types"]]
        if "delivery_success" in asked:
            delivered = asked["delivery_success"] == "true"
            events = [event for event in events if (event["pending_webhooks"] == 0) == delivered]
        return JSONResponse(list_page(events, request.query_params, request.url.path, ("type",)))

    async def retrieve_event(self, request: Request) -> Response:
        """`GET /v1/events/{id}`."""
        return JSONResponse(self._account.event(request.path_params["id"]))

    async def unknown(self, request: Request) -> Response:
        """Any other path, in Stripe's words."""
        where = f"{request.method}: {request.url.path}"
        raise StripeStubError(404, f"Unrecognized request URL ({where}).")

    async def list_deliveries(self, _request: Request) -> Response:
        """Every attempt to deliver an event, with the answer it got."""
        return JSONResponse([asdict(delivery) for delivery in self._webhooks.deliveries])

    async def deliver_again(self, request: Request) -> Response:
        """`{"event": "evt_…", "copies": 2}`: deliver an event again, so many times at once."""
        wanted = msgspec.json.decode(await request.body(), type=_Again)
        self._account.resend(wanted.event, wanted.copies)
        return JSONResponse(msgspec.to_builtins(wanted), 202)

    def _expanded(self, session: Json, asked: Json) -> Json:
        if "line_items" not in asked.get("expand", []):
            return session
        items = self._account.line_items(session["id"])
        url = f"/v1/checkout/sessions/{session['id']}/line_items"
        listed = {"object": "list", "data": items, "has_more": False, "url": url}
        return {**session, "line_items": listed}

    def _guard(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            given = _given_key(request.headers.get("authorization", ""))
            if not secrets.compare_digest(given.encode(), self._key.encode()):
                raise StripeStubError(401, "Invalid API Key provided.")
            response = await endpoint(request)
            response.headers["request-id"] = new_id("req_", 14)
            response.headers["stripe-version"] = request.headers.get("stripe-version", API_VERSION)
            return response

        return guarded


def _given_key(header: str) -> str:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return value
    try:
        return base64.b64decode(value).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
