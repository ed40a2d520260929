"""Mails of an order at an operator's word: the reports once more, or all that is pending to another address."""

from actors.deps.process import Deps
from actors.messages import begin_errand
from actors.orders.customers.resend import begin_resend, expect_resendable
from actors.orders.hindrances import why_not_resent
from actors.orders.operators.dead_letters import resolve_dead_letter
from infra.errors import PressroomError
from infra.mail_address import plain_email
from storage.audit import Authority, record_action
from storage.dead_letters import dead_letters
from storage.deliveries import revive_deliveries
from storage.orders import (
    OrderDoesNotExist,
    change_address,
    fill_details,
    find_order,
    named_order,
    remembered_order,
)
from storage.records.mail import DeadLetter
from storage.records.orders import Order

#: The refused letters of one order that are sent again.
_MOST_REFUSED = 100
#: The errands whose letters a gift's recipient gets. Its buyer gets all others.
_READERS = {"complete_order", "resend_reports"}


class AddressIsNone(PressroomError):
    """The given text is no address that mail can be sent to."""


async def order_resend(deps: Deps, order_id: str, authority: Authority) -> None:
    """Send an order's reports again at an operator's request, with an entry in the audit trail.

    There is no limit to their number. ResendIsImpossible if the reports cannot or must not be sent.
    """
    order = await named_order(deps.db, order_id)
    expect_resendable(deps, order)
    await record_action(deps.db, authority, "resent", order_id, "reports", deps.clock.now())
    await begin_resend(deps, order)


async def readdress_order(
    deps: Deps, order_id: str, given: str, authority: Authority, *, of_gift: bool = False
) -> int:
    """Change an order's mail address, with an entry in the audit trail, which does not name it.

    With `of_gift` it is that of a gift's recipient. Sends refused letters to the new address, and returns their
    number. Letters that were accepted elsewhere stay as they are. OrderDoesNotExist or AddressIsNone if the
    address cannot be changed.
    """
    order, email = await remembered_order(deps.db, order_id), plain_email(given)
    if email is None:
        raise AddressIsNone("That is no mail address that can be written to.")
    if of_gift and "gift" not in order:
        raise OrderDoesNotExist(f"Order {order_id} is no gift.")
    now, subject = deps.clock.now(), "gift's mail address" if of_gift else "mail address"
    await record_action(deps.db, authority, "readdressed", order_id, subject, now)
    if "email" in order["missing"] and not of_gift:
        await fill_details(deps.db, order_id, {"email": email}, now)
        await begin_errand(deps, "start_order" if order["missing"] == ["email"] else "ask_details", order_id)
    await change_address(deps.db, order_id, email, of_gift=of_gift)
    refused = await dead_letters(deps.db, limit=_MOST_REFUSED, order=order_id, kind="errand", state="open")
    refused = [one for one in refused if _is_of_side(one, order, of_gift=of_gift)]
    for letter in refused:
        await resolve_dead_letter(deps, letter["_id"], "replayed", authority)
    if order["letter"] == "completion" and order["delivered_at"] is None:  # also if its dead letter was discarded
        await revive_deliveries(deps.db, order_id, now)
        await begin_errand(deps, "complete_order", order_id)
    return len(refused)


def _is_of_side(letter: DeadLetter, order: Order, *, of_gift: bool) -> bool:
    """Return whether a dead errand's letter goes to that one of a gift's two people. Others have one address."""
    is_readers = letter["kind"] == "errand" and letter["errand"] in _READERS
    return "gift" not in order or is_readers == of_gift


async def readdress_and_send(
    deps: Deps, order_id: str, given: str, authority: Authority, *, of_gift: bool = False
) -> int:
    """Change an order's mail address, and send there what was refused, or else the reports' mail once more.

    With `of_gift` the address is that of a gift's recipient, to whom alone its reports go. Returns the number of
    letters. The old address may have taken the reports' mail: then it is sent again. Raises as a change of the
    address does.
    """
    sent = await readdress_order(deps, order_id, given, authority, of_gift=of_gift)
    order = await find_order(deps.db, order_id)
    if sent or order is None or of_gift != ("gift" in order) or why_not_resent(deps, order):
        return sent
    await order_resend(deps, order_id, authority)
    return 1
