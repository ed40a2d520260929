"""Search of orders by whatever a person holds of one."""

import re

from actors.deps.process import Deps
from handlers.views.orders import OrderSummary, orders_summary
from infra.links import Links
from storage.orders import find_order_by_token
from storage.records.orders import Order
from storage.search import ids_behind, orders_by_ids, orders_of_customer

#: The most orders that are shown, and the longest text that is looked for.
MOST, LONGEST = 50, 500
_LINK = re.compile(r"/(orders|gifts)/([^/?#\s]+)(?:/reports/(\w+))?")
#: An id of Stripe's or of a dead letter, or a Message-ID: it has no blank, and a sign that no name has.
_REFERENCE = re.compile(r"<?[\w.+-]*[_:<@][^\s]*", re.ASCII)


async def search(deps: Deps, text: str) -> list[OrderSummary]:
    """Return the orders that a text names, newest first: exactly one if the text is a reference of one.

    A reference is the id of an order, payment, refund, event or dead letter, a Message-ID, or the link of
    a customer, of a gift's recipient or of a report. Any other text is a mail address, or the beginning of a
    customer's name.
    """
    return await orders_summary(deps, await _found(deps, text.strip()[:LONGEST]))


async def _found(deps: Deps, text: str) -> list[Order]:
    if not text:
        return []
    if link := _LINK.search(text):
        token = _token_in(Links(deps.settings), *link.groups())
        order = await find_order_by_token(deps.db, token) if token else None
        return [order] if order else []
    if _REFERENCE.fullmatch(text) and (orders := await _referred(deps, text)):
        return orders
    return await orders_of_customer(deps.db, text, MOST)


def _token_in(links: Links, whose: str, signed: str, product: str | None) -> str | None:
    of_gift = whose == "gifts"
    token = links.read_gift(signed) if of_gift else links.read(signed.removesuffix(".json"))
    return token or (links.read_report(signed, product, of_gift=of_gift) if product else None)


async def _referred(deps: Deps, text: str) -> list[Order]:
    if orders := await orders_by_ids(deps.db, [text]):
        return orders
    ids = await ids_behind(deps.db, text) or await ids_behind(deps.db, f"<{text.strip('<>')}>")
    return await orders_by_ids(deps.db, ids) if ids else []
