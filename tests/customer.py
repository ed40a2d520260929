"""A customer's browser without a server: the web application's own routes, with a test's dependencies."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Any

from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from actors.deps.process import Deps
from handlers.web.app import customers_routes
from infra.links import Links
from storage.records.orders import Order

_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


class Customer:
    """Customer at the pages of one order."""

    def __init__(self, browser: AsyncClient, path: str) -> None:
        """Look at that order's page."""
        self._browser, self.path = browser, path

    async def get(self, page: str = "") -> Response:
        """Look at a page of the order."""
        return await self.look(self.path + page)

    async def look(self, path: str) -> Response:
        """Look at any page."""
        return await self._browser.get(path)

    async def post(self, page: str, fields: dict[str, str]) -> Response:
        """Send a form of the order."""
        return await self._browser.post(self.path + page, data=fields)


@asynccontextmanager
async def customer_of(deps: Deps, order: Order, *, reads_gift: bool = False) -> AsyncIterator[Customer]:
    """Open the pages of an order as its link does, or those of a gift as its recipient's does."""
    pages = Starlette(routes=customers_routes())

    async def with_state(scope: Scope, receive: Receive, send: Send) -> None:
        await pages({**scope, "state": {"deps": deps}}, receive, send)

    links, token = Links(deps.settings), order["token"]
    async with AsyncClient(transport=ASGITransport(with_state), base_url=deps.settings.public_url) as browser:
        yield Customer(browser, links.gift(token) if reads_gift else links.order(token))


def hidden_fields(page: Response) -> dict[str, str]:
    """Return what a form on a page carries beside what is typed."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page.text)}


def typed(page: Response, **fields: Any) -> dict[str, str]:
    """Return a form as a customer sends it who has changed some fields of it."""
    return {**hidden_fields(page), **fields}
