"""Signature check: the `stripe` package's own, and ours for the gaps that it leaves."""

import re
from collections.abc import Sequence
from datetime import datetime

from stripe import SignatureVerificationError, WebhookSignature

from infra.errors import PressroomError

#: How far the signature's time may be from ours, in either direction (Stripe's own default, which is one-sided).
_TOLERANCE_S = 300
#: Signatures in one header: Stripe sends one for each secret that is being rolled.
_MAX_SIGNATURES = 16
#: A header that is longer is not even taken apart; sixteen signatures have less than 1,200 characters.
_MAX_HEADER = 16 * 1024
_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_MAC = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SCHEME = re.compile(r"[a-z][a-z0-9]{0,7}", re.ASCII)


class SignatureIsWrong(PressroomError):
    """The bytes are not Stripe's, or not from now."""


class SignatureIsTooLong(SignatureIsWrong):
    """The header is longer than any that Stripe sends."""


def check_signature(headers: Sequence[str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """Return if one of the secrets signed `body` within five minutes of now; SignatureIsWrong otherwise."""
    if len(headers) != 1:
        raise SignatureIsWrong("There must be one Stripe-Signature header.")
    if len(headers[0]) > _MAX_HEADER:
        raise SignatureIsTooLong("The Stripe-Signature header is too long.")
    _check_form(headers[0], now)
    try:
        payload = body.decode("utf-8")
    except UnicodeDecodeError:
        raise SignatureIsWrong("The body is not UTF-8.") from None
    if not any(_is_signed(payload, headers[0], secret) for secret in secrets):
        raise SignatureIsWrong("No signature matches.")


def _check_form(header: str, now: datetime) -> None:
    items = [item.partition("=")[::2] for item in header.split(",")]
    times = [value for key, value in items if key == "t"]
    macs = [value for key, value in items if key == "v1"]
    if not all(_SCHEME.fullmatch(key) for key, _ in items):
        raise SignatureIsWrong("The header has an item without a scheme.")
    if len(times) != 1 or not _TIME.fullmatch(times[0]):
        raise SignatureIsWrong("The header must have one time.")
    if not 1 <= len(macs) <= _MAX_SIGNATURES or not all(_MAC.fullmatch(mac) for mac in macs):
        raise SignatureIsWrong("The header must have one to sixteen signatures.")
    if abs(int(times[0]) - now.timestamp()) > _TOLERANCE_S:
        raise SignatureIsWrong("The signature is not from now.")


def _is_signed(payload: str, header: str, secret: str) -> bool:
    try:
        # The time was checked above, in both directions and by the injected clock.
        return bool(WebhookSignature.verify_header(payload, header, secret, tolerance=None))
    except SignatureVerificationError:
        return False


def sign(body: str, secret: str) -> str:
    """Return the Stripe-Signature header of a body that is sent now."""
    return str(WebhookSignature.generate_signature_header(body, secret))
