"""Evidence about an order, printed: the page that operators see, as a PDF for the bank."""

from actors.deps.process import Deps
from actors.orders.operators.privacy import reveal_customer
from handlers.ops.page import composed
from handlers.views.evidence import evidence_view
from infra.printing import print_page
from storage.audit import Authority


async def evidence_pdf(deps: Deps, order_id: str, authority: Authority) -> bytes:
    """Return the evidence about an order as PDF, with an entry in the audit trail, since it names the customer.

    OrderDoesNotExist or PageIsNotPrinted if there is none.
    """
    order = await reveal_customer(deps, order_id, authority)
    facts = await evidence_view(deps, order)
    return await print_page(
        composed("evidence_print.html", **facts, printed_at=deps.clock.now(), who=authority.who)
    )
