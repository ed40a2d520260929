"""Evidence about an order for a bank, as a page and a PDF: the sale, what was made, what reached the customer."""

from actors.deps.process import Deps
from actors.orders.operators.privacy import reveal_customer
from actors.products.answer_types import in_language
from actors.products.catalogue import question_of, said_answers
from handlers.ops.page import composed
from handlers.views.mails import mails_of
from handlers.views.orders import order_view
from handlers.views.timeline import timeline
from infra.printing import print_page
from storage.audit import Authority
from storage.order_state import amount_paid
from storage.records.orders import Order
from storage.steps import steps_at_a_glance

#: What a bank wants to know of a timeline.
_KINDS = {"order", "stripe", "report", "mail", "customer"}


async def evidence_facts(deps: Deps, order_id: str, authority: Authority) -> dict[str, object]:
    """Return the facts of the page, with the customer in clear, and with an entry in the audit trail.

    OrderDoesNotExist if there is none.
    """
    order = await reveal_customer(deps, order_id, authority)
    steps = await steps_at_a_glance(deps.db, order)
    return {
        "order": await order_view(deps, order),
        "payment": order["payment_intent"],
        "paid": amount_paid(order),
        "currency": order["currency"],
        "consent": order.get("consent"),
        "email": order["email"],
        "gift": order.get("gift"),
        "answers": _said(order),
        "mails": await mails_of(deps, order),
        "timeline": [entry for entry in await timeline(deps, order, steps) if entry.kind in _KINDS],
    }


async def evidence_pdf(deps: Deps, order_id: str, authority: Authority) -> bytes:
    """Return the same page as PDF. PageIsNotPrinted if it cannot be."""
    facts = await evidence_facts(deps, order_id, authority)
    return await print_page(
        composed("evidence_print.html", **facts, printed_at=deps.clock.now(), who=authority.who)
    )


def _said(order: Order) -> dict[str, str]:
    """Return an order's answers in clear, under what was asked."""
    said = said_answers(order["product"], order["answers"])
    return {in_language(question_of(order["product"], name).words, "en"): value for name, value in said.items()}
