"""Webhook as an application of its own, for installations where nothing else faces Stripe."""

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from handlers.webhook.endpoint import MAX_BODY, stripe_webhook, webhook_route
from handlers.webhook.inbox import EventInbox


class WebhookApp:
    """Serves the webhook's route and no other. It does not close the inbox's clients."""

    def __init__(self, inbox: EventInbox) -> None:
        """Serve with this inbox."""
        self._state = {"inbox": inbox}
        # A gateway may leave the name of its stage, or the path that it is mapped to, before the route.
        behind = Route(f"/{{before:path}}{webhook_route.path}", stripe_webhook, methods=["POST"])
        self._app = Starlette(routes=[webhook_route, behind], max_body_size=MAX_BODY)
        # A redirect would count as a failure with Stripe.
        self._app.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._app({**scope, "state": self._state.copy()}, receive, send)
