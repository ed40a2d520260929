"""Findings about the webhook: an event of our own goes the way of Stripe's, through the public address."""

import json
import secrets
import ssl

import httpx2

from actors.deps.process import Deps
from handlers.cli.doctor.findings import IsOfNoUse
from handlers.webhook.endpoint import webhook_route
from handlers.webhook.signature import sign
from infra.stripe.version import API_VERSION
from storage.events import drop_event

_TIMEOUT_S = 5.0
#: A session with all the metadata that Stripe allows takes about 30,000 bytes.
_TEXT = "Grüße, “quoted” \\ <b>&amp;</b> 日本語 🙂\n" * 500
#: The answers that a proxy or another server gives in our place, and what mends them.
_REMEDIES = {
    400: "web needs the STRIPE_WEBHOOK_SECRET and the time of this machine, and a proxy must leave bodies and the "
    "header Stripe-Signature as they are",
    401: "the address must ask Stripe for no login",
    403: "a proxy or firewall must let Stripe through",
    404: "PUBLIC_URL must lead to web, and a proxy must leave paths as they are",
    405: "PUBLIC_URL must lead to web, and a proxy must let POST through",
    413: "a proxy must let bodies of 256 KiB through",
    429: "a proxy must not slow Stripe down",
    502: "the proxy must reach web, which must be up",
    503: "web must be up, and reach MongoDB",
    504: "the proxy must reach web, which must be up",
}


def webhook_of(deps: Deps, named: str | None) -> str:
    """Return the address to which Stripe sends events: the one that is named, or that of `web`."""
    return named or f"{deps.settings.public_url.rstrip('/')}{webhook_route.path}"


async def send_event(deps: Deps, url: str) -> str:
    """Send an event of no interest under each signing secret, see that it is in our database, and remove it."""
    for secret in deps.settings.webhook_secrets:
        event_id = f"evt_doctor_{secrets.token_hex(12)}"
        answer = await _post(url, _event(deps, event_id), secret)
        if answer.status_code != httpx2.codes.OK:
            raise IsOfNoUse(_refusal(answer))
        if not await drop_event(deps.db, event_id):
            raise IsOfNoUse(
                "says 200, and the event is not in MONGODB_URL: another installation, or none, is there"
            )
    return "takes signed events into our database"


def _event(deps: Deps, event_id: str) -> str:
    """Return an event as Stripe writes them, of a type that means nothing: it is kept, and ignored."""
    event = {
        "id": event_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": int(deps.clock.now().timestamp()),
        "data": {"object": {"object": "pressroom.doctor", "text": _TEXT}},
        "livemode": deps.settings.stripe_livemode,
        "type": "pressroom.doctor",
    }
    return json.dumps(event, indent=2, ensure_ascii=False)


async def _post(url: str, body: str, secret: str) -> httpx2.Response:
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": sign(body, secret)}
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_S) as client:
            return await client.post(url, content=body.encode(), headers=headers)
    except httpx2.InvalidURL:
        raise IsOfNoUse("is no address") from None
    except httpx2.TransportError as error:
        raise IsOfNoUse(f"is not reached ({type(error).__name__}): {_remedy(error)}") from None


def _remedy(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "Stripe asks for a valid certificate, with all that lead to its authority"
        cause = cause.__cause__ or cause.__context__
    return "web must be up, and its name and port open to the world"


def _refusal(answer: httpx2.Response) -> str:
    status = answer.status_code
    if answer.is_redirect:
        return (
            f"says {status}: Stripe follows no redirect, so that PUBLIC_URL must be the address where web answers"
        )
    said = answer.text.strip() if status == httpx2.codes.BAD_REQUEST else ""
    quoted = f" ({said[:100]})" if said and said.isprintable() else ""
    return f"says {status}{quoted}: {_REMEDIES.get(status, 'the log of web, or of a proxy before it, says why')}"
