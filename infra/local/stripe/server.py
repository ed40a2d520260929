"""Runs the Stripe stub: `python -m infra.local.stripe.server PORT WEBHOOK_URL`, secrets in the environment."""

import os
import sys
from functools import partial, update_wrapper
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.local.ports import HOST
from infra.local.serve import control_route, serve
from infra.local.stripe import checkout, returns
from infra.local.stripe.account import SESSIONS, Account
from infra.local.stripe.api import Api
from infra.local.stripe.webhooks import Webhooks
from infra.local.stripe.wire import Json

_PAGE = jinja2.Template(Path(__file__).with_name("pay.html").read_text("utf-8"), autoescape=True)
# Not `form-action`: browsers apply it to the target of a redirect, too, which is the shop.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
#: Deeds of payers and banks.
_DEEDS = (
    checkout.settle_payment,
    checkout.fail_payment,
    checkout.expire_session,
    returns.fail_refund,
    returns.open_dispute,
    returns.close_dispute,
)


def _problem(session: Json, form: dict[str, str], email: str) -> str:
    """Return why nothing is paid, in Stripe's words. A promotion code is taken here, and may be none."""
    if session["status"] == "expired":
        return "This page has expired."
    if "code" in form:
        return "" if checkout.reduce_session(session, form["code"]) else "This code is invalid."
    if "@" not in email:
        return "Please enter your e-mail address."
    return "Your card was declined. Please try another way to pay." if form.get("method") == "declined" else ""


def pay_route(account: Account) -> Route:
    """Return the payment page. Its button pays and leads back to the shop; pressed again, it only leads back."""

    async def pay(request: Request) -> Response:
        session = account.find(SESSIONS, request.path_params["id"])
        way_back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        pressed = request.method == "POST"
        form = dict(parse_qsl((await request.body()).decode()))
        email = session["customer_email"] or form.get("email", "")
        problem = _problem(session, form, email) if pressed and session["status"] != "complete" else ""
        if pressed and session["status"] == "open" and not problem and "code" not in form:
            checkout.complete_session(account, session, email, delayed=form.get("method") == "bank_debit")
        if pressed and session["status"] == "complete":
            return RedirectResponse(way_back, 303)
        page = _PAGE.render(session=session, way_back=way_back, problem=problem)
        return HTMLResponse(page, 422 if problem else 200, _POLICY)

    return Route("/pay/{id}", pay, methods=["GET", "POST"])


if __name__ == "__main__":
    port, webhook_url = sys.argv[1:]
    webhooks = Webhooks(os.environ["STRIPE_WEBHOOK_SECRET"])
    account = Account(f"http://{HOST}:{port}", webhook_url, webhooks)
    api = Api(os.environ["STRIPE_API_KEY"], account)
    controls = control_route(
        account.hold_deliveries,
        account.resume_deliveries,
        account.deliveries,
        account.undelivered,
        account.deliver_again,
        account.deliver_in_order,
        account.set_api_version,
        account.set_endpoints,
        api.deny,
        *(update_wrapper(partial(deed, account), deed) for deed in _DEEDS),
        *api.faults.controls,
    )
    serve(int(port), api.route, pay_route(account), controls, lifespan=webhooks.run)
