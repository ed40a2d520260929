"""The API of the stub: the key, idempotency, objects made, retrieved and listed."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from infra.local.serve import Faults
from infra.local.stripe.account import (
    CHARGES,
    DISPUTES,
    ENDPOINTS,
    EVENTS,
    PRICES,
    PRODUCTS,
    REFUNDS,
    SESSIONS,
    Account,
)
from infra.local.stripe.checkout import create_price, create_session, expire_session
from infra.local.stripe.faults import StripeFault
from infra.local.stripe.objects import new_id, without_items
from infra.local.stripe.returns import create_refund
from infra.local.stripe.wire import Json, Refusal, list_page, read_form

_CREATE: dict[str, Callable[[Account, Json], Json]] = {
    SESSIONS: create_session,
    PRICES: create_price,
    REFUNDS: create_refund,
}
_EXPIRE = re.compile(rf"{SESSIONS}/(?P<session>\w+)/expire")
#: Stripe's names of what a restricted key may read and write.
_RESOURCES = {
    SESSIONS: "checkout_session",
    EVENTS: "event",
    PRODUCTS: "product",
    PRICES: "plan",
    CHARGES: "charge",
    REFUNDS: "charge",
    DISPUTES: "dispute",
    ENDPOINTS: "webhook",
}


class Api:
    """The part of Stripe's API that a shop needs, over one account."""

    def __init__(self, key: str, account: Account) -> None:
        self._key = key
        self._account = account
        self.faults = Faults(StripeFault)
        self._answered: dict[str, tuple[object, Response]] = {}
        self._denied: tuple[str, ...] = ()
        self.route = Route("/v1/{path:path}", self._answer, methods=["GET", "POST"])

    def deny(self, *permissions: str) -> None:
        """Take these permissions, such as `rak_charge_write`, from the key, and give it all others."""
        self._denied = permissions

    async def _answer(self, request: Request) -> Response:
        fault = self.faults.take(lambda fault: request.url.path.startswith(fault.path))
        if fault and fault.kind == "saved":
            return self._create_once(request, await request.body(), fault.refusal)
        return await (fault.disturb(request, self._act) if fault else self._act(request))

    async def _act(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self._key}":
            return Refusal("Invalid API Key provided.", 401).answer()
        if (permission := _permission(request)) in self._denied:
            lack = "The provided key 'rk_test_***' does not have the required permissions for this endpoint"
            remedy = f"Having the '{permission}' permission would allow this request to continue."
            return Refusal(f"{lack} on account 'acct_1'. {remedy}", 403).answer()
        if request.method == "POST":
            return self._create_once(request, await request.body())
        return _reply(lambda: self._show(request))

    def _create_once(self, request: Request, body: bytes, refusal: Refusal | None = None) -> Response:
        """Return the first answer to this idempotency key, a refusal too; refuse another request under it."""
        path = request.url.path
        key = request.headers.get("idempotency-key") or new_id("")
        if key not in self._answered:
            answer = refusal.answer() if refusal else _reply(lambda: self._create(path, body))
            self._answered[key] = (path, body), answer
        first, answer = self._answered[key]
        if (path, body) != first:
            return Refusal(f"The key {key} was used for another request.", type="idempotency_error").answer()
        return answer

    def _create(self, path: str, body: bytes) -> Json:
        if expired := _EXPIRE.fullmatch(path):
            return without_items(expire_session(self._account, expired["session"]))
        if path not in _CREATE:
            raise Refusal(f"Nothing can be made at {path}.", 404)
        return without_items(_CREATE[path](self._account, read_form(parse_qsl(body.decode()))))

    def _show(self, request: Request) -> Json:
        path, asked = request.url.path, read_form(request.query_params.multi_items())
        expanded = asked.get("expand", {}).values()
        if path in self._account.folders:
            items = "data.line_items" in expanded
            found = self._account.all(path)
            return list_page(found if items else [without_items(one) for one in found], asked, path)
        folder, _, key = path.rpartition("/")
        one = self._account.find(folder, key)
        return one if "line_items" in expanded else without_items(one)


def _permission(request: Request) -> str:
    """Return the permission that a request needs, in Stripe's words; that of nothing is empty."""
    folder = next((one for one in _RESOURCES if request.url.path.startswith(one)), "")
    what = "write" if request.method == "POST" else "read"
    return f"rak_{_RESOURCES[folder]}_{what}" if folder else ""


def _reply(make: Callable[[], Json]) -> Response:
    try:
        return JSONResponse(make())
    except Refusal as refusal:
        return refusal.answer()
