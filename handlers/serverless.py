"""Webhook as a serverless function: behind API Gateway, payload 1.0 or 2.0, or a Lambda Function URL."""

import asyncio
import base64
import logging
from typing import Any

from mangum import Mangum
from mangum.types import LambdaContext, LambdaEvent

from actors.deps.intake import open_intake
from handlers.webhook.app import WebhookApp
from handlers.webhook.endpoint import DATABASE_TIMEOUT_S
from handlers.webhook.inbox import EventInbox
from infra.logs import log, set_up_logs
from infra.settings import WebhookSettings, read_webhook_settings

Answer = dict[str, Any]

_NOT_BASE64: Answer = {
    "statusCode": 400,
    "headers": {"content-type": "text/plain; charset=utf-8"},
    "body": "The body is not base64.\n",
    "isBase64Encoded": False,
}


class Container:
    """State of a container from its first event to its last: clients, and the event loop they are bound to."""

    def __init__(self, settings: WebhookSettings) -> None:
        """Open the clients, which connect when the first event needs them."""
        set_up_logs(settings.log_format, "webhook")
        logging.getLogger("mangum").setLevel(logging.WARNING)
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        # Mangum would begin and end a lifespan with each event.
        self._adapter = Mangum(WebhookApp(self._loop.run_until_complete(_open(settings))), lifespan="off")

    def __call__(self, event: LambdaEvent, context: LambdaContext) -> Answer:
        """Answer one event."""
        if not _is_decodable(event):
            log.warning("webhook_refused", reason="The body is not base64.")
            return _NOT_BASE64
        # Mangum runs an event on the loop that is set, and clients work on their own only.
        asyncio.set_event_loop(self._loop)
        return self._adapter(event, context)


async def _open(settings: WebhookSettings) -> EventInbox:
    return EventInbox(open_intake(settings, database_timeout_s=DATABASE_TIMEOUT_S))


def _is_decodable(event: LambdaEvent) -> bool:
    """Return whether the body is as its flag says.

    Mangum drops letters that are not base64, and raises for other faults.
    """
    try:
        base64.b64decode(event.get("body") or "" if event.get("isBase64Encoded") else "", validate=True)
    except ValueError:
        return False
    return True


handler = Container(read_webhook_settings())
