"""Letters that bring reports by links, so that a book of any size fits into them."""

from dataclasses import dataclass
from datetime import datetime

from actors.mail.brand import Installation, language_of
from actors.mail.formatting import readable_size
from actors.mail.letterhead import to_customer
from actors.products.catalogue import title_of
from infra.links import Links
from infra.mail.letter import Letter
from storage.deliveries import correction_name, resend_name
from storage.records.orders import Order
from storage.records.work import Report


@dataclass(frozen=True)
class Linked:
    """Finished report as a letter names it. `size` is in readable form."""

    title: str
    url: str
    pages: int
    size: str


def completion(installation: Installation, order: Order, reports: list[Report], now: datetime) -> Letter:
    """Return the letter that brings an order's reports."""
    return _bringing(installation, order, "completion", reports, now)


def correction(installation: Installation, order: Order, reports: list[Report], now: datetime) -> Letter:
    """Return the letter that brings the reports that were made again after a correction."""
    return _bringing(installation, order, correction_name(len(order["corrections"])), reports, now)


def resend(installation: Installation, order: Order, reports: list[Report], now: datetime) -> Letter:
    """Return the letter that brings the same links again on request."""
    return _bringing(installation, order, resend_name(order["resends"]["count"]), reports, now)


def _bringing(installation: Installation, order: Order, name: str, reports: list[Report], now: datetime) -> Letter:
    links, language = Links(installation.settings), language_of(installation, order)
    token, of_gift = order["token"], "gift" in order
    pdfs = {report["product"]: report["pdf"] for report in reports if report["pdf"]}
    linked = list[Linked]()
    for product in order["products"]:
        url, pdf = f"{links.report(token, product, of_gift=of_gift)}.pdf", pdfs[product]
        linked.append(Linked(title_of(product), url, pdf["pages"], readable_size(pdf["bytes"], language)))
    page = links.gift(token) if of_gift else links.order(token)
    return to_customer(installation, order, name, now, to_reader=True, reports=linked, page=page)
