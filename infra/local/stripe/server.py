"""Run the stub: `python -m infra.local.stripe.server PORT WEBHOOK_URL`, the secrets in the environment."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.local.ports import HOST
from infra.local.serve import as_json, serve
from infra.local.stripe.account import SESSIONS, Account
from infra.local.stripe.api import Api
from infra.local.stripe.checkout import complete_session
from infra.local.stripe.controls import CONTROLS
from infra.local.stripe.webhooks import Webhooks
from infra.local.stripe.wire import Refusal

_PAGE = jinja2.Template(Path(__file__).with_name("pay.html").read_text("utf-8"), autoescape=True)
# Not `form-action`: browsers apply it to where the answer redirects, too, which is the shop.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


class Outside:
    """What Stripe shows besides its API: the payment page to customers, and the controls to tests."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.routes = [
            Route("/pay/{id}", self._pay, methods=["GET", "POST"]),
            Route("/deliveries", self._list_deliveries),
            Route("/controls/{name}", self._control, methods=["POST"]),
        ]

    async def _pay(self, request: Request) -> Response:
        """The page. Its button pays and leads back to the shop; pressed again, it only leads back."""
        session = self._account.find(SESSIONS, request.path_params["id"])
        way_back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        pressed = request.method == "POST"
        form = dict(parse_qsl((await request.body()).decode()))
        email = session["customer_email"] or form.get("email", "")
        if pressed and session["status"] == "open" and "@" in email:
            complete_session(self._account, session, email, delayed=form.get("method") == "bank_debit")
        if pressed and session["status"] == "complete":
            return RedirectResponse(way_back, 303)
        page = _PAGE.render(session=session, way_back=way_back, nameless=pressed)
        return HTMLResponse(page, 422 if pressed else 200, _POLICY)

    async def _list_deliveries(self, _request: Request) -> Response:
        return as_json(self._account.webhooks.deliveries)

    async def _control(self, request: Request) -> Response:
        """Do what is named, with its arguments by name in the body."""
        name = request.path_params["name"]
        if name not in CONTROLS:
            raise Refusal(f"There is no control {name}.", 404)
        asked = msgspec.json.decode(await request.body(), type=dict[str, object])
        return as_json(CONTROLS[name](self._account, **asked))


if __name__ == "__main__":
    port, webhook_url = sys.argv[1:]
    webhooks = Webhooks(webhook_url, os.environ["STRIPE_WEBHOOK_SECRET"])
    account = Account(f"http://{HOST}:{port}", webhooks)
    routes = [*Api(os.environ["STRIPE_API_KEY"], account).routes, *Outside(account).routes]
    serve(Starlette(routes=routes, lifespan=webhooks.run), int(port))
