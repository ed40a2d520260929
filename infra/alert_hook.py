"""The operators' webhook: one small JSON object a happening, of the kind that chat services take."""

import httpx2

from infra.errors import TransientError

_TIMEOUT_S = 5.0


class HookIsDown(TransientError):
    """The operators' webhook did not take an alert."""


async def post_alert(url: str, alert: dict[str, str | None]) -> None:
    """Post an alert; HookIsDown if it was not taken."""
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT_S) as client:
            (await client.post(url, json=alert)).raise_for_status()
    except httpx2.HTTPError as error:
        # The address may hold a secret.
        raise HookIsDown(f"ALERT_WEBHOOK_URL did not take an alert: {type(error).__name__}.") from None
