"""Text about an order for a ticket: states, ids and times, and nothing of its customer."""

from collections.abc import Iterator, Sequence

from handlers.views.mails import MailView
from handlers.views.orders import OrderView


def ticket_of(order: OrderView, mails: Sequence[MailView]) -> str:
    """Return the text, a fact a line."""
    return "\n".join(_lines(order, mails))


def _lines(order: OrderView, mails: Sequence[MailView]) -> Iterator[str]:
    yield f"Order {order['order_id']}: {order['state']}"
    yield f"Product {order['product']}, tenant {order['tenant']}"
    yield f"Placed {order['placed_at']}, paid {order['paid_at'] or 'not yet'}"
    if order["attention"]:
        yield f"Attention: {order['attention']}"
    for report in order["reports"]:
        done = f"{report['sections_done']} of {report['sections_total']} sections"
        yield f"Report {report['product']}: {report['state']}, {done}, downloaded {report['downloads']} times"
        if pdf := report["pdf"]:
            yield f"PDF {pdf['key']}: {pdf['pages']} pages, {pdf['bytes']} bytes, SHA-256 {pdf['sha256']}"
    for mail in mails:
        yield f"Mail {mail['kind']}, {mail['state']}, {mail['tries']} tries, {mail['at']}, {mail['message_id']}"
    for letter in order["dead"]:
        yield f"Dead letter {letter}"
    llm = order["llm"]
    yield f"LLM: {llm['attempts']} calls, {llm['cost_usd']} US dollars"
