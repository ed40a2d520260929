"""A session that must be asked for: its event was in another version's shape, or named no product."""

import json

import msgspec
import structlog

from actors.engine.sending import Post, send_all
from actors.intake.apply import apply_events, finish_events
from actors.intake.draft import NO_PRODUCT, purchase_of
from actors.intake.news import Event, object_of
from actors.intake.placing import see_to
from actors.intake.session import CheckoutSession
from actors.work_deps import WorkDeps
from infra.errors import PermanentError, PressroomError
from storage.answers import find_answers
from storage.database import Document
from storage.errands import end_errand
from storage.events import find_event
from storage.orders import find_order, release_operator
from storage.orders import identify_order as note_purchase

log = structlog.get_logger()


async def fetch_session(deps: WorkDeps, event_id: str) -> None:
    """Apply an event with its session as Stripe shows it in our version.

    If Stripe cannot say, the event's own shape must do: what is read of it is old in every version, typed and
    checked, and a paid order does not wait.
    """
    event = await find_event(deps.db, event_id)
    if event is None or event["state"] not in {"new", "failed"}:
        return
    shown = object_of(json.loads(event["raw"])) or {}
    try:
        shown = await deps.till.session(shown["id"])
    except (PressroomError, KeyError, TypeError) as error:
        log.warning("session_not_fetched", event_id=event_id, error=type(error).__name__)
    await finish_events(
        deps, await apply_events(deps, [Event(event_id, event["type"], event["raw"], fetched=shown)])
    )


async def identify_order(deps: WorkDeps, order_id: str) -> None:
    """Look up what was bought by the price's lookup key, where the session itself does not name it."""
    order = await find_order(deps.db, order_id)
    if order is not None and order["product"] is None:
        order = await _identified(deps, order_id)
    posts: list[Post] = []
    # Whoever found out the product, perhaps in an earlier run, may have died right afterwards.
    if order is not None and order["product"] is not None:
        await release_operator(deps.db, order_id, NO_PRODUCT)
        posts = await see_to(deps, [order])
    await end_errand(deps.db, order_id, "identify_order")
    await send_all(deps, posts)


async def _identified(deps: WorkDeps, order_id: str) -> Document | None:
    """Return the order once its purchase is known, or as it was if Stripe knows no more than we do."""
    try:
        session = msgspec.convert(await deps.till.session(order_id), CheckoutSession)
    except (PermanentError, msgspec.ValidationError) as error:
        log.warning("order_not_identified", order=order_id, error=type(error).__name__)
        return None
    forms = await find_answers(deps.db, [session.reference]) if session.reference else {}
    bought = purchase_of(deps.tenants, session, forms.get(session.reference or "", {}), session.email)
    if bought["product"] is not None:
        await note_purchase(deps.db, order_id, bought, deps.clock.now())
    return await find_order(deps.db, order_id)
