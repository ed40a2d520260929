"""What was bought cannot be made as it stands: Stripe is asked, and what it says is judged once more."""

from datetime import datetime

import msgspec
import structlog

from actors.deps.worker import WorkDeps
from actors.intake.draft import purchase_of
from actors.intake.placing import start_order
from actors.intake.session import CheckoutSession
from infra.errors import PermanentError
from storage.answers import find_answers
from storage.database import Document
from storage.orders import find_order, note_purchase, release_operator

log = structlog.get_logger()


async def identify_order(deps: WorkDeps, order: Document) -> datetime | None:
    """Find out by the price's lookup key, or what was mended since, what an order is for; begin what may begin."""
    if "forgotten_at" in order:
        return None
    if order["objection"] is not None:
        session = await _session_of(deps, order["_id"])
        if session is None or not await _judge_anew(deps, order, session):
            return None
    # Also where somebody judged it anew who died right afterwards.
    await start_order(deps, await find_order(deps.db, order["_id"]) or order)
    return None


async def _session_of(deps: WorkDeps, session_id: str) -> CheckoutSession | None:
    try:
        return msgspec.convert(await deps.till.session(session_id), CheckoutSession)
    except (PermanentError, msgspec.ValidationError) as error:
        log.warning("order_not_identified", order=session_id, error=type(error).__name__)
        return None


async def _judge_anew(deps: WorkDeps, order: Document, session: CheckoutSession) -> bool:
    """Note what was bought, and that the old objection is no more; False if it still holds."""
    forms = await find_answers(deps.db, [session.reference]) if session.reference else {}
    now = deps.clock.now()
    bought = purchase_of(deps.tenants, session, forms.get(session.reference or "", {}), now.date())
    if bought["objection"] == order["objection"]:
        return False
    await release_operator(deps.db, order["_id"], order["objection"])
    # What its customer, or an operator, has filled in since is not missing again.
    answers = {**bought["answers"], **order["answers"]}
    known = answers.keys() | ({"email"} if order["email"] else set())
    missing = [name for name in bought["missing"] if name not in known]
    await note_purchase(deps.db, order, {**bought, "answers": answers, "missing": missing}, now)
    return True
