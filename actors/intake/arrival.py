"""Arrivals: customers who come from the till, perhaps before Stripe's event does."""

import asyncio
from typing import Literal, NamedTuple, Protocol

from actors.deps.intake import IntakeDeps
from actors.intake.reconcile import place_session
from infra.errors import PressroomError
from infra.logs import log
from infra.stripe.version import StripeObject
from storage.forms import find_form, may_ask
from storage.orders import find_order
from storage.records.orders import Form, Order

#: A customer looks at an empty page meanwhile.
_PATIENCE_S = 4.0


class Sessions(Protocol):
    """Checkout Sessions of Stripe's."""

    async def session(self, session_id: str) -> StripeObject:
        """Return the session of that id."""


class Arrival(NamedTuple):
    """What is known of a purchase: its order, or how its session stands, as far as Stripe has said.

    `till` is the address at which it can still be paid.
    """

    product: str
    order: Order | None = None
    state: Literal["unheard", "open", "expired"] = "unheard"
    till: str | None = None


async def arrive(deps: IntakeDeps, sessions: Sessions, reference: str) -> Arrival | None:
    """Return how the purchase of a form stands. None if there is no such form.

    If no event has told of it yet, Stripe is asked, now and then, and its order placed. The event itself adds
    nothing then.
    """
    form = await find_form(deps.db, reference)
    if form is None or "session" not in form:
        return None
    order = await find_order(deps.db, form["session"])
    if order is not None or not await may_ask(deps.db, reference, deps.clock.now()):
        return Arrival(form["product"], order)
    try:
        async with asyncio.timeout(_PATIENCE_S):
            session = await sessions.session(form["session"])
    except (PressroomError, TimeoutError) as error:
        log.warning("arrival_not_looked_up", session=form["session"], error=type(error).__name__)
        return Arrival(form["product"])
    return await _placed(deps, form, session)


async def _placed(deps: IntakeDeps, form: Form, session: StripeObject) -> Arrival:
    if session["status"] == "complete":
        await place_session(deps, session)
        return Arrival(form["product"], await find_order(deps.db, session["id"]))
    return Arrival(form["product"], state=session["status"], till=session["url"])
