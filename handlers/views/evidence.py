"""View of the evidence about an order, for a bank: the sale, what was made, and what reached the customer."""

from collections.abc import Mapping

from actors.deps.process import Deps
from actors.products.answer_types import in_language
from actors.products.catalogue import question_of, said_answers
from handlers.views.mails import mails_of
from handlers.views.orders import order_view
from handlers.views.timeline import timeline
from storage.order_state import amount_paid
from storage.records.orders import Order
from storage.steps import steps_at_a_glance

#: What a bank wants to know of a timeline.
_KINDS = {"order", "stripe", "report", "mail", "customer"}


async def evidence_view(deps: Deps, order: Order) -> Mapping[str, object]:
    """Return the facts of the page, with the customer in clear."""
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


def _said(order: Order) -> dict[str, str]:
    """Return an order's answers in clear, under what was asked."""
    said = said_answers(order["product"], order["answers"])
    return {in_language(question_of(order["product"], name).words, "en"): value for name, value in said.items()}
