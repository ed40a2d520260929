"""The operators' webhook: one small JSON object for each alert, of the kind that chat services take."""

import ssl
from functools import cache

import httpx2

from infra.errors import PermanentError, TransientError

_TIMEOUT_S = 5.0
#: Request Timeout and Too Many Requests.
_NOT_NOW = {408, 429}


class HookIsDown(TransientError):
    """The operators' webhook did not take an alert."""


class HookRefusesUs(PermanentError):
    """The operators' webhook is not there, or does not want us."""


async def post_alert(url: str, alert: dict[str, str | None]) -> None:
    """Post an alert; HookIsDown or HookRefusesUs if it was not taken."""
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_S, verify=_tls()) as client:
            answer = await client.post(url, json=alert)
    except httpx2.HTTPError as error:
        # The address may hold a secret.
        raise HookIsDown(f"ALERT_WEBHOOK_URL did not take an alert: {type(error).__name__}.") from None
    if answer.is_client_error and answer.status_code not in _NOT_NOW:
        raise HookRefusesUs(f"ALERT_WEBHOOK_URL answered {answer.status_code}.")
    if not answer.is_success:
        raise HookIsDown(f"ALERT_WEBHOOK_URL answered {answer.status_code}.")


@cache
def _tls() -> ssl.SSLContext:
    """Return the context, made once: reading the trusted authorities holds the loop up for 45 ms."""
    return httpx2.create_ssl_context()
