"""Ownership: tells sessions that were sold here from those of other shops on the same Stripe account."""

from collections.abc import Mapping
from datetime import datetime

from actors.deps.intake import IntakeDeps
from actors.intake.answers import plain_answers
from actors.intake.events import SessionFact
from actors.intake.session import CheckoutSession, written_answers
from actors.products.catalogue import OFFERS, offer_of
from storage.forms import find_forms
from storage.orders import find_orders

#: The reason for which an event about the money of another shop is ignored.
FOREIGN = "Nothing in it is ours."


async def foreign_sessions(deps: IntakeDeps, sessions: Mapping[str, SessionFact]) -> set[str]:
    """Return the keys of those sessions that were not sold here. A session whose order is known was."""
    doubtful = {key: one.session for key, one in sessions.items() if not bears_our_mark(deps, one.session)}
    if not doubtful:
        return set()
    references = [session.reference for session in doubtful.values() if session.reference]
    forms = await find_forms(deps.db, references) if references else {}
    orders = {order["_id"] for order in await find_orders(deps.db, [one.id for one in doubtful.values()])}
    return {key for key, one in doubtful.items() if one.id not in orders and one.reference not in forms}


def bears_our_mark(deps: IntakeDeps, session: CheckoutSession) -> bool:
    """Return whether a session says by itself that it is ours.

    It carries the installation's name where that is set. Elsewhere it names a product, or a price or a brand of
    ours, or an unknown price beside the answers that a report of ours needs.
    """
    if deps.settings.installation is not None:
        return session.named("installation") == deps.settings.installation
    known = offer_of(session.product) is not None or session.tenant in deps.tenants
    if session.names_product or known:
        return True
    return session.lookup_key is not None and _holds_answers(session, deps.clock.now())


def may_be_priced_here(deps: IntakeDeps, session: CheckoutSession) -> bool:
    """Return whether the price, which an event does not show, may still tell that a session is ours."""
    return deps.settings.installation is None and session.line_items is None


def _holds_answers(session: CheckoutSession, now: datetime) -> bool:
    """Return whether a session holds all the answers that a report of ours needs, if that needs any."""
    needs = [offer.needed for offer in OFFERS.values() if offer.needed]
    return any(len(plain_answers(one, written_answers(session, {}, one), now)) == len(one) for one in needs)
