"""An order names no product: what was bought is looked up by the lookup key of its price."""

from datetime import datetime

import msgspec
import structlog

from actors.intake.draft import NO_PRODUCT, purchase_of
from actors.intake.placing import start_order
from actors.intake.session import CheckoutSession
from actors.work_deps import WorkDeps
from infra.errors import PermanentError
from storage.answers import find_answers
from storage.database import Document
from storage.orders import find_order, note_purchase, release_operator

log = structlog.get_logger()


async def identify_order(deps: WorkDeps, order: Document) -> datetime | None:
    """Ask Stripe once, and begin what may begin, also where whoever found the product out died afterwards."""
    if order["product"] is None:
        order = await _identified(deps, order)
    if order["product"] is None:
        return None
    await release_operator(deps.db, order["_id"], NO_PRODUCT)
    await start_order(deps, order)
    return None


async def _identified(deps: WorkDeps, order: Document) -> Document:
    """Return the order once its purchase is known, or as it was if Stripe knows no more than we do."""
    try:
        session = msgspec.convert(await deps.till.session(order["_id"]), CheckoutSession)
    except (PermanentError, msgspec.ValidationError) as error:
        log.warning("order_not_identified", order=order["_id"], error=type(error).__name__)
        return order
    forms = await find_answers(deps.db, [session.reference]) if session.reference else {}
    bought = purchase_of(deps.tenants, session, forms.get(session.reference or "", {}), session.email)
    if bought["product"] is not None:
        await note_purchase(deps.db, order["_id"], bought, deps.clock.now())
    return await find_order(deps.db, order["_id"]) or order
