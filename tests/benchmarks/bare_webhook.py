"""The least that a webhook can do: verify with the `stripe` package, insert once. `PORT` as argument."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import stripe
import uvicorn
from pymongo import AsyncMongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

SECRET = os.environ["STRIPE_WEBHOOK_SECRET"]


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
    """Connect as the product does."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
        os.environ["MONGODB_URL"], w="majority", journal=True
    )
    yield {"events": client.get_default_database("bare")["events"]}
    await client.close()


async def webhook(request: Request) -> Response:
    """Verify as Stripe's documentation does (https://docs.stripe.com/webhooks), insert, 200."""
    body = await request.body()
    event = stripe.Webhook.construct_event(body, request.headers["stripe-signature"], SECRET)
    await request.state.events.insert_one({"_id": event.id, "type": event.type, "raw": body})
    return PlainTextResponse("Thank you.\n")


if __name__ == "__main__":
    app = Starlette(routes=[Route("/webhooks/stripe", webhook, methods=["POST"])], lifespan=lifespan)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
