"""What an operator does about an address that a mail server refused: another, and what is pending goes there."""

from actors.deps.process import Deps
from actors.intake.session import plain_email
from actors.messages import send_errand
from actors.orders.mending import close_letter
from infra.errors import PressroomError
from storage.audit import Warrant, record_action
from storage.dead_letters import dead_letters
from storage.deliveries import revive_deliveries
from storage.errands import ERRAND_CHECK, Errand, add_errand
from storage.orders import change_address, fill_details, find_order


class OrderDoesNotExist(PressroomError):
    """There is no order of that id."""


class AddressIsNone(PressroomError):
    """What was given is no address that can be written to."""


async def readdress_order(deps: Deps, order_id: str, given: str, warrant: Warrant) -> int:
    """Give an order another mail address, under the audit trail, which does not name it.

    Letters that were refused are sent there; return how many. What was accepted elsewhere stays as it is.
    OrderDoesNotExist or AddressIsNone if that cannot be.
    """
    order, email = await find_order(deps.db, order_id), plain_email(given)
    if order is None or "forgotten_at" in order:
        raise OrderDoesNotExist(f"There is no order {order_id}, or no more.")
    if email is None:
        raise AddressIsNone("That is no mail address that can be written to.")
    now = deps.clock.now()
    await record_action(deps.db, warrant, "readdressed", order_id, "mail address", now)
    if "email" in order["missing"]:
        await fill_details(deps.db, order_id, {"email": email}, now)
        await _ask(deps, order_id, "start_order" if order["missing"] == ["email"] else "ask_details")
    await change_address(deps.db, order_id, email)
    refused = await dead_letters(deps.db, limit=100, order=order_id, kind="errand", state="open")
    for letter in refused:
        await close_letter(deps, letter["_id"], "replayed", warrant)
    if order["letter"] == "completion" and order["delivered_at"] is None:  # also if its dead letter was discarded
        await revive_deliveries(deps.db, order_id, now)
        await _ask(deps, order_id, "complete_order")
    return len(refused)


async def _ask(deps: Deps, order_id: str, errand: Errand) -> None:
    await add_errand(deps.db, order_id, errand, deps.clock.now() + ERRAND_CHECK)
    await send_errand(deps, errand, order_id)
