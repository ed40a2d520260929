"""POST /webhooks/stripe: nothing is acknowledged that is not durable."""

import asyncio
import json
from typing import Any, TypeGuard

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from actors.intake.events import Event, order_of
from handlers.webhook.inbox import EventInbox
from handlers.webhook.signature import SignatureIsTooLong, SignatureIsWrong, check_signature
from infra.errors import PressroomError, TransientError
from infra.foreign_json import member
from infra.logs import log
from infra.tracing import span

#: Stripe's events are a few KiB; a larger body is refused unread.
MAX_BODY = 256 * 1024
#: The driver's own bound on each operation, below the handler's deadline.
DATABASE_TIMEOUT_S = 2.0
#: Stripe waits about ten seconds; MongoDB and then Redis have this long together. Without MongoDB it hears 503 and
#: comes again later; without Redis it hears 200, and the sweep sends the messages.
_DEADLINE_S = 2.5
#: As nginx calls it: nobody hears this answer, but whoever counts answers sees it.
CLIENT_IS_GONE = 499
#: The longest id or type that is taken for one.
_MAX_NAME = 255


class BodyIsNoEvent(PressroomError):
    """The body was signed and is still not a Stripe event."""


async def stripe_webhook(request: Request) -> Response:
    """Answer 200 once the event is durable, 400 if it is not Stripe's, 503 while it cannot be kept."""
    inbox: EventInbox = request.state.inbox
    try:
        event = await _verified(request, inbox)
    except ClientDisconnect:
        return Response(status_code=CLIENT_IS_GONE)
    except (SignatureIsWrong, BodyIsNoEvent) as error:
        log.warning("webhook_refused", reason=str(error))
        return PlainTextResponse(f"{error}\n", status_code=431 if isinstance(error, SignatureIsTooLong) else 400)
    began = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(_DEADLINE_S):
            with span("webhook", order_of(event), type=event.kind):
                queueing = await inbox.take(event)
    except (TransientError, TimeoutError) as error:
        # Without its traceback: an outage puts off many requests at the same moment.
        log.error("webhook_put_off", event_id=event.id, reason=str(error) or "MongoDB did not answer in time.")
        return PlainTextResponse("Not now.\n", status_code=503, headers={"Retry-After": "10"})
    if queueing is not None:
        passed_s = asyncio.get_running_loop().time() - began
        await asyncio.wait({queueing}, timeout=max(0.0, _DEADLINE_S - passed_s))
    return Response()


webhook_route = Route("/webhooks/stripe", stripe_webhook, methods=["POST"])


async def _verified(request: Request, inbox: EventInbox) -> Event:
    body = await request.body()
    secrets = inbox.deps.settings.webhook_secrets
    check_signature(request.headers.getlist("stripe-signature"), body, secrets, inbox.deps.clock.now())
    return _read(body)


def _read(raw: bytes) -> Event:
    try:
        body: Any = json.loads(raw)
    except (ValueError, RecursionError):
        raise BodyIsNoEvent("The body is not JSON.") from None
    event_id, kind = member(body, "id"), member(body, "type")
    if not (_is_name(event_id) and _is_name(kind)):
        raise BodyIsNoEvent("The body is no Stripe event.")
    return Event(event_id, kind, raw, body)


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= _MAX_NAME and value.isascii() and value.isprintable()
