"""POST /webhooks/stripe: verify, record, place, queue, 200. Nothing is acknowledged that is not durable."""

import asyncio
import json
from typing import Any, TypeGuard

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from actors.deps import Deps
from actors.intake import apply_event
from handlers.web.signature import SignatureIsWrong, check_signature
from infra.errors import PressroomError, TransientError
from storage.events import record_event

log = structlog.get_logger()

#: Stripe waits about ten seconds; the database has this long before it hears 503 and comes again later.
_DEADLINE_S = 2.5
#: The longest id or type that is taken for one.
_MAX_NAME = 255


class BodyIsNoEvent(PressroomError):
    """The body was signed and is still not a Stripe event."""


async def stripe_webhook(request: Request) -> Response:
    """Answer 200 once the event is durable, 400 for what is not Stripe's, 503 while it cannot be kept."""
    deps: Deps = request.state.deps
    try:
        body = await request.body()
        secrets = deps.settings.webhook_secrets
        check_signature(request.headers.getlist("stripe-signature"), body, secrets, deps.clock.now())
        event_id, kind = _names(body)
    except ClientDisconnect:
        return Response(status_code=400)
    except (SignatureIsWrong, BodyIsNoEvent) as error:
        log.warning("webhook_refused", reason=str(error))
        return PlainTextResponse(f"{error}\n", status_code=400)
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await _take(deps, event_id, kind, body)
    except (TransientError, TimeoutError):
        log.exception("webhook_put_off", event_id=event_id)
        return PlainTextResponse("Not now.\n", status_code=503, headers={"Retry-After": "10"})
    return PlainTextResponse("Thank you.\n")


async def _take(deps: Deps, event_id: str, kind: str, body: bytes) -> None:
    present = await record_event(deps.db, event_id, kind, body, deps.clock.now())
    if present is None:
        await apply_event(deps, event_id, kind, body)
        return
    if present["raw"] != body:
        log.error("event_id_with_another_body", event_id=event_id)
    if present["state"] in {"new", "failed"}:
        await apply_event(deps, event_id, present["type"], present["raw"])


def _names(body: bytes) -> tuple[str, str]:
    try:
        event: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise BodyIsNoEvent("The body is not JSON.") from None
    event_id, kind = (event.get("id"), event.get("type")) if isinstance(event, dict) else (None, None)
    if not (_is_name(event_id) and _is_name(kind)):
        raise BodyIsNoEvent("The body is no Stripe event.")
    return event_id, kind


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _MAX_NAME and value.isascii() and value.isprintable()
