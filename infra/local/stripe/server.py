"""Run the stub: `python -m infra.local.stripe.server PORT WEBHOOK_URL`, the secrets in the environment."""

import os
import sys
from pathlib import Path
from urllib.parse import parse_qsl

import jinja2
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from infra.local.ports import HOST
from infra.local.serve import as_json, serve
from infra.local.stripe import objects
from infra.local.stripe.objects import Json, read_form, without_items
from infra.local.stripe.webhooks import Webhooks

_PAGE = jinja2.Template(Path(__file__).with_name("pay.html").read_text("utf-8"), autoescape=True)
# Not `form-action`: browsers apply it to where the answer redirects, too, which is the shop.
_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
_SESSIONS, _EVENTS = "/v1/checkout/sessions", "/v1/events"


class Account:
    """One Stripe account, in memory: a restart of the stub forgets it."""

    def __init__(self, key: str, base: str, webhooks: Webhooks) -> None:
        self._key = key
        self._base = base
        self._webhooks = webhooks
        # Sessions and events by their paths in the API.
        self._objects: dict[str, Json] = {}
        self._answered: dict[str, tuple[bytes, Json]] = {}
        self.routes = [
            Route(_SESSIONS, self._create_session, methods=["POST"]),
            Route(_SESSIONS, self._list),
            Route(_EVENTS, self._list),
            Route("/v1/{path:path}", self._retrieve),
            Route("/pay/{id}", self._pay, methods=["GET", "POST"]),
            Route("/deliveries", self._list_deliveries),
            Route("/deliveries", self._deliver_again, methods=["POST"]),
        ]

    async def _create_session(self, request: Request) -> Response:
        self._check_key(request)
        body = await request.body()
        key = request.headers.get("idempotency-key") or objects.new_id("")
        if key not in self._answered:
            session = objects.new_session(read_form(parse_qsl(body.decode())), self._base)
            self._objects[f"{_SESSIONS}/{session['id']}"] = session
            self._answered[key] = (body, without_items(session))
        first_body, answer = self._answered[key]
        if body != first_body:
            error = {"type": "idempotency_error", "message": f"The key {key} was used with other parameters."}
            return JSONResponse({"error": error}, 400)
        return JSONResponse(answer)

    async def _list(self, request: Request) -> Response:
        self._check_key(request)
        folder = request.url.path
        found = [without_items(one) for path, one in self._objects.items() if path.startswith(folder + "/")]
        return JSONResponse(objects.list_page(found, read_form(request.query_params.multi_items()), folder))

    async def _retrieve(self, request: Request) -> Response:
        self._check_key(request)
        found = self._find(request.url.path)
        expanded = read_form(request.query_params.multi_items()).get("expand", {}).values()
        return JSONResponse(found if "line_items" in expanded else without_items(found))

    async def _pay(self, request: Request) -> Response:
        """The page. Its button pays and leads back to the shop; pressed again, it only leads back."""
        session = self._find(f"{_SESSIONS}/{request.path_params['id']}")
        way_back = session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        pressed = request.method == "POST"
        email = session["customer_email"] or dict(parse_qsl((await request.body()).decode())).get("email", "")
        if not pressed or "@" not in email:
            page = _PAGE.render(session=session, way_back=way_back, nameless=pressed)
            return HTMLResponse(page, 422 if pressed else 200, _POLICY)
        if session["status"] == "open":
            objects.complete_session(session, email)
            event = objects.new_event("checkout.session.completed", without_items(session))
            self._objects[f"{_EVENTS}/{event['id']}"] = event
            self._webhooks.send(event)
        return RedirectResponse(way_back, 303)

    def _check_key(self, request: Request) -> None:
        if request.headers.get("authorization") != f"Bearer {self._key}":
            raise HTTPException(401, "Invalid API Key provided.")

    def _find(self, path: str) -> Json:
        if path not in self._objects:
            raise HTTPException(404, f"No such object: {path}")
        return self._objects[path]

    async def _list_deliveries(self, _request: Request) -> Response:
        return as_json(self._webhooks.deliveries)

    async def _deliver_again(self, request: Request) -> Response:
        event, copies = msgspec.json.decode(await request.body(), type=tuple[str, int])
        self._webhooks.send(self._find(f"{_EVENTS}/{event}"), copies)
        return Response()


if __name__ == "__main__":
    port, webhook_url = sys.argv[1:]
    webhooks = Webhooks(webhook_url, os.environ["STRIPE_WEBHOOK_SECRET"])
    account = Account(os.environ["STRIPE_API_KEY"], f"http://{HOST}:{port}", webhooks)
    serve(Starlette(routes=account.routes, lifespan=webhooks.run), int(port))
