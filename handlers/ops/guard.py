"""Guard of the operators' pages: whose request it is, what they may do, and that they meant it."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from actors.deps.process import Deps
from handlers.web.requests import read_form
from infra.accounts import Account, Role
from infra.errors import PressroomError
from storage.audit import Authority
from storage.sign_ins import begin_sign_in, end_sign_in, find_sign_in

#: A working day. Then the password is asked for again.
LASTS = timedelta(hours=12)
#: The cookie's names over TLS and without it. Browsers make sure that the host itself has set the first, over TLS.
_SECURE, _PLAIN = "__Host-pressroom-ops", "pressroom-ops"
#: The pages that nobody has to be signed in for.
_OPEN = ("/ops/sign-in", "/ops/static/")
#: The shortest and the longest reason for the audit trail.
_REASON = range(3, 501)


@dataclass(frozen=True)
class Operator:
    """Operator who is signed in. `form_key` proves that a form is one of ours, shown to them."""

    account: Account
    form_key: str

    def may(self, role: Role) -> bool:
        """Return whether they may do what that role may."""
        return self.account.may(role)


class Guard:
    """Middleware of the operators' pages: lets in who is signed in, and sends all others to sign in."""

    def __init__(self, app: ASGIApp, accounts: Mapping[str, Account]) -> None:
        """Lead to `app`, for those accounts."""
        self._app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        connection = HTTPConnection(scope)
        path = connection.url.path
        if path.startswith(_OPEN):
            await self._app(scope, receive, send)
            return
        operator = await _operator(connection, self._accounts)
        if operator is None:
            await RedirectResponse(f"/ops/sign-in?next={quote(path)}", 303)(scope, receive, send)
            return
        scope["state"]["operator"] = operator
        await self._app(scope, receive, send)


async def _operator(connection: HTTPConnection, accounts: Mapping[str, Account]) -> Operator | None:
    deps: Deps = connection.state.deps
    secret = _secret(connection)
    found = await find_sign_in(deps.db, secret, deps.clock.now()) if secret else None
    account = accounts.get(found["name"]) if found else None
    if found is None or account is None or not hmac.compare_digest(found["seal"], _seal(account)):
        return None
    return Operator(account, _hash("form", secret))


async def sign_in(request: Request, account: Account, response: Response) -> None:
    """Sign an operator in: the response brings the cookie."""
    deps: Deps = request.state.deps
    secret = await begin_sign_in(deps.db, account.name, _seal(account), deps.clock.now() + LASTS)
    # The browser's view of the address: a balancer may have ended TLS.
    secure = request.headers.get("origin", "").startswith("https:")
    response.set_cookie(
        _SECURE if secure else _PLAIN,
        secret,
        max_age=int(LASTS.total_seconds()),
        secure=secure,
        httponly=True,
        samesite="strict",
    )


async def sign_out(request: Request, response: Response) -> None:
    """End the sign-in of a request's browser."""
    deps: Deps = request.state.deps
    await end_sign_in(deps.db, _secret(request))
    for name in (_SECURE, _PLAIN):
        response.delete_cookie(name, secure=name == _SECURE, httponly=True, samesite="strict")


def operator_of(request: Request, role: Role = "viewer") -> Operator:
    """Return who asks. HTTPException 403 if they may not do what that role may."""
    operator: Operator = request.state.operator
    if not operator.may(role):
        raise HTTPException(403, f"This takes the role {role}; yours is {operator.account.role}.")
    return operator


async def form_of(request: Request, role: Role) -> dict[str, str]:
    """Return the fields of a form that an operator sent. HTTPException 403 if they may not, or it is not ours."""
    operator = operator_of(request, role)
    fields = await read_form(request)
    key = fields.pop("form_key", "").encode()
    if not (is_ours(request) and hmac.compare_digest(key, operator.form_key.encode())):
        raise HTTPException(403, "This form was not shown to you here. Open its page again.")
    return fields


def authority_of(request: Request, fields: Mapping[str, str]) -> Authority:
    """Return on whose word, and for which reason, a form asks. PressroomError if it gives none."""
    reason = " ".join(fields.get("reason", "").split())
    if len(reason) not in _REASON:
        raise ReasonIsMissing(f"The audit trail needs a reason of {_REASON.start} to {_REASON.stop - 1} signs.")
    return Authority(operator_of(request).account.name, reason)


class ReasonIsMissing(PressroomError):
    """The form gives no reason for what it asks."""


def is_ours(request: Request) -> bool:
    """Return whether a browser sends a form from a page of our own, as far as it says so."""
    try:
        return URL(request.headers.get("origin", "")).netloc == request.url.netloc
    except ValueError:  # a bracket that is not closed
        return False


def _secret(connection: HTTPConnection) -> str:
    return connection.cookies.get(_SECURE) or connection.cookies.get(_PLAIN, "")


def _seal(account: Account) -> str:
    return _hash("seal", account.hash)


def _hash(purpose: str, secret: str) -> str:
    return hashlib.sha256(f"{purpose} {secret}".encode()).hexdigest()
