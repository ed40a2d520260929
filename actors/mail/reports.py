"""Letters that bring reports by links, so that a book of any size fits into them."""

from dataclasses import dataclass
from datetime import datetime

from actors.mail.brand import House
from actors.mail.formatting import readable_size
from actors.mail.letterhead import to_customer
from actors.products.catalogue import title_of
from infra.links import Links
from infra.mail.letter import Letter
from storage.database import Document
from storage.deliveries import resend_name


@dataclass(frozen=True)
class Linked:
    """Finished report as a letter names it. `size` is in readable form."""

    title: str
    url: str
    pages: int
    size: str


def completion(house: House, order: Document, reports: list[Document], now: datetime) -> Letter:
    """Return the letter that brings an order's reports."""
    return to_customer(house, order, "completion", now, reports=_linked(house, order, reports))


def resend(house: House, order: Document, reports: list[Document], now: datetime) -> Letter:
    """Return the letter that brings the same links again on request."""
    name = resend_name(order["resends"]["count"])
    return to_customer(house, order, name, now, reports=_linked(house, order, reports))


def _linked(house: House, order: Document, reports: list[Document]) -> list[Linked]:
    links = Links(house.settings)
    pdfs = {report["product"]: report["pdf"] for report in reports}
    linked: list[Linked] = []
    for product in order["products"]:
        url, pdf = links.report(order["token"], product), pdfs[product]
        linked.append(Linked(title_of(product), url, pdf["pages"], readable_size(pdf["bytes"])))
    return linked
