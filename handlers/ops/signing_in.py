"""GET and POST /ops/sign-in, POST /ops/sign-out."""

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from handlers.ops.guard import form_of, is_ours, sign_in, sign_out
from handlers.ops.page import page
from handlers.web.doors import Pace
from handlers.web.requests import read_form
from infra.accounts import Account
from infra.logs import log
from infra.passwords import LONGEST, is_password

#: Tries at one account, whatever their addresses: ten at once, then one a minute. Its owner waits as long.
_TRIES = (10, 60.0)
#: Hashes take 64 MiB each.
_AT_ONCE = 2


class Entrance:
    """Sign-in of the accounts, at a pace at which no password is guessed."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        """Know those accounts."""
        self._accounts = accounts
        self._pace = Pace(*_TRIES, remembered=1000)
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def show(self, request: Request) -> Response:
        """Show the form."""
        return _form(request, "")

    async def enter(self, request: Request) -> Response:
        """Sign in, and go on to the page that was asked for. 401 for a wrong name or password, 429 after many."""
        fields = await read_form(request)
        name, password = fields.get("name", ""), fields.get("password", "")
        if not is_ours(request):
            raise HTTPException(403, "This form was not shown to you here. Open its page again.")
        account = self._accounts.get(name)
        # Names that do not exist share a pace, so that they cannot crowd out the others.
        if self._pace.take(asyncio.get_running_loop().time(), account.name if account else ""):
            log.warning("sign_in_refused", known=account is not None, why="pace")
            return _form(request, "There were too many tries. Wait a minute.", 429)
        async with self._room:
            right = len(password) <= LONGEST and await asyncio.to_thread(
                is_password, password, account.hash if account else None
            )
        if account is None or not right:
            log.warning("sign_in_refused", known=account is not None, why="password")
            return _form(request, "This name and this password do not go together.", 401)
        log.info("signed_in", name=account.name)
        entered = RedirectResponse(_next(request), 303)
        await sign_in(request, account, entered)
        return entered

    async def leave(self, request: Request) -> Response:
        """Sign out."""
        await form_of(request, "viewer")
        left = RedirectResponse("/ops/sign-in", 303)
        await sign_out(request, left)
        return left


def _form(request: Request, mistake: str, status: int = 200) -> Response:
    return page(request, "sign_in.html", status, mistake=mistake, next=_next(request))


def _next(request: Request) -> str:
    """Return the page to go to: one of ours, whatever the link says."""
    asked = request.query_params.get("next", "")
    return asked if asked.startswith("/ops/") and "\\" not in asked else "/ops/"
