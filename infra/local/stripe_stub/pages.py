"""The page that a customer pays on."""

from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.local.stripe_stub.account import Account
from infra.local.stripe_stub.errors import StripeStubError
from infra.local.stripe_stub.forms import Json

_pages = jinja2.Environment(loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True)
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£"}
_WITHOUT_CENTS = {"jpy", "krw", "vnd", "clp"}


class Pages:
    """The hosted page and its button."""

    def __init__(self, account: Account) -> None:
        self._account = account

    @property
    def routes(self) -> list[Route]:
        """The endpoints with their paths."""
        return [
            Route("/pay/{id}", self.show, methods=["GET"]),
            Route("/pay/{id}", self.pay, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page: what is bought, for how much, and a form."""
        return self._render(request.path_params["id"])

    async def pay(self, request: Request) -> Response:
        """Pay, and go back to the shop. With `decline`, the card is refused and nothing changes."""
        key = request.path_params["id"]
        given = {name: value.strip() for name, value in parse_qsl((await request.body()).decode())}
        try:
            session = self._account.session(key)
        except StripeStubError as error:
            return HTMLResponse(str(error), error.status)
        if session["status"] == "expired":
            return self._render(key)
        email = given.get("email") or session["customer_email"] or ""
        if session["status"] == "open" and "@" not in email:
            return self._render(key, problem="Please enter your e-mail address.", status=422)
        if given.get("decline"):
            return self._render(key, problem="Your card was declined. Try another one.", status=402)
        session = self._account.pay(key, email, _fields(given))
        return RedirectResponse(_way_back(session), 303)

    def _render(self, key: str, problem: str = "", status: int = 200) -> Response:
        try:
            session, items = self._account.session(key), self._account.line_items(key)
        except StripeStubError as error:
            return HTMLResponse(str(error), error.status)
        page = _pages.get_template("pay.html").render(
            session=session,
            items=[(item["description"], show_amount(item["amount_total"], item["currency"])) for item in items],
            total=show_amount(session["amount_total"], session["currency"]),
            way_back=_way_back(session),
            problem=problem,
        )
        # Not `form-action`: browsers apply it to where the answer redirects, too, which is the shop.
        policy = "default-src 'none'; style-src 'unsafe-inline'"
        return HTMLResponse(page, status, headers={"Content-Security-Policy": policy})


def show_amount(amount: int, currency: str) -> str:
    """An amount in the smallest unit as one writes it: `$19.00`."""
    symbol = _SYMBOLS.get(currency, f"{currency.upper()} ")
    return f"{symbol}{amount:,}" if currency in _WITHOUT_CENTS else f"{symbol}{amount / 100:,.2f}"


def _fields(given: dict[str, str]) -> dict[str, str]:
    """The answers to custom fields, by their keys."""
    prefix = "field-"
    return {name.removeprefix(prefix): value for name, value in given.items() if name.startswith(prefix)}


def _way_back(session: Json) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
