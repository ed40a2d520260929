"""Run the stub: `python -m infra.local.stripe_stub --port P --webhook-url URL`, the secrets in the environment."""

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.ports import HOST
from infra.local.serve import serve
from infra.local.stripe_stub.account import Account
from infra.local.stripe_stub.api import Api
from infra.local.stripe_stub.errors import StripeStubError
from infra.local.stripe_stub.pages import Pages
from infra.local.stripe_stub.webhooks import Webhooks


def main() -> None:
    """Answer until SIGTERM. The key is read from STRIPE_API_KEY, the other secret from STRIPE_WEBHOOK_SECRET."""
    parser = argparse.ArgumentParser(prog="infra.local.stripe_stub", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--webhook-url", required=True)
    given = parser.parse_args()
    webhooks = Webhooks(given.webhook_url, os.environ["STRIPE_WEBHOOK_SECRET"])
    account = Account(webhooks, f"http://{HOST}:{given.port}")
    routes = Api(os.environ["STRIPE_API_KEY"], account, webhooks).routes + Pages(account).routes
    serve(_app(routes, webhooks), given.port)


def _app(routes: list[Route], webhooks: Webhooks) -> Starlette:
    @asynccontextmanager
    async def deliver(_app: Starlette) -> AsyncIterator[None]:
        async with webhooks:
            yield

    errors = {StripeStubError: _in_stripes_words, msgspec.MsgspecError: _bad_control}
    return Starlette(routes=routes, lifespan=deliver, exception_handlers=errors)  # type: ignore[arg-type]


async def _in_stripes_words(_request: Request, error: StripeStubError) -> Response:
    return error.response


async def _bad_control(_request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 400)


if __name__ == "__main__":
    main()
