"""A refused address is a state that says so without the address; another one gets what is pending."""

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.orders.operators.mails import AddressIsNone, readdress_order
from storage.audit import Authority
from storage.dead_letters import dead_letters
from storage.order_state import attention_of, order_state
from storage.orders import OrderDoesNotExist, call_operator
from storage.records.mail import Action, Alert
from storage.reports import reports_of
from tests.actors.builders import ORDER, place, present, working
from tests.actors.post import LONG, Mailer, stored
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

WRONG, RIGHT = "nobody@customer.example", "ada@customer.example"
WRONG_SESSION = {"customer_details": {"email": WRONG}}
BY = Authority("Olga", "she wrote to us")


async def test_a_refused_letter_goes_to_the_new_address(deps: Deps, clock: StoppedClock) -> None:
    """The order waits for an operator; readdressed, its letter is sent again under the id that it had."""
    await stored(deps, **WRONG_SESSION)
    mailer = Mailer(refused=WRONG)
    worker = working(deps, mailer)
    await run_errand(worker, "complete_order", ORDER)
    order = await present(deps)
    assert (order_state(order, []), "complete_order" in order["errands"]) == ("needs_attention", False)
    assert attention_of(order) == "The completion mail was refused: 550."
    clock.forward(60)
    assert await readdress_order(deps, ORDER, RIGHT, BY) == 1
    assert attention_of(await present(deps)) is None
    await run_errand(worker, "complete_order", ORDER)
    assert [(letter.kind, letter.recipient) for letter in mailer.letters] == [("completion", RIGHT)]
    assert order_state(await present(deps), []) == "delivered"
    assert await dead_letters(deps.db, limit=9, order=ORDER, state="open") == []


async def test_no_page_alert_or_trail_has_an_address(deps: Deps) -> None:
    """What a server says about an address is in the dead letter alone."""
    await stored(deps, **WRONG_SESSION)
    await run_errand(working(deps, Mailer(refused=WRONG)), "complete_order", ORDER)
    (letter,) = await dead_letters(deps.db, limit=9, order=ORDER)
    assert WRONG in letter["error"]
    shown: list[Alert | Action] = [*await deps.db.alerts.find().to_list()]
    await readdress_order(deps, ORDER, RIGHT, BY)
    shown += await deps.db.audit.find().to_list()
    assert [one["order"] for one in shown] == [ORDER] * 3
    assert WRONG not in str(shown)
    assert RIGHT not in str(shown)


async def test_a_refused_confirmation_is_known_before_the_report_is_finished(deps: Deps) -> None:
    """The operator hears of a wrong address while there is time; placed again, it is not asked for for ever."""
    await place(deps, **LONG, **WRONG_SESSION)
    worker = working(deps, Mailer(refused=WRONG))
    await run_errand(worker, "confirm_order", ORDER)
    assert attention_of(await present(deps)) == "The confirmation mail was refused: 550."
    await place(deps, **LONG, **WRONG_SESSION)
    await run_errand(worker, "confirm_order", ORDER)
    assert "confirm_order" not in (await present(deps))["errands"]


async def test_an_order_without_an_address_is_begun_with_the_one_that_an_operator_gives(deps: Deps) -> None:
    """What nothing but an address was missing for is written at once."""
    order = await place(deps, customer_details=None, customer_email=None)
    assert (order["missing"], order_state(order, [])) == (["email"], "awaiting_details")
    await readdress_order(deps, ORDER, RIGHT, BY)
    await run_errand(working(deps), "start_order", ORDER)
    order = await present(deps)
    assert (order["email"], order["missing"], len(await reports_of(deps.db, [order]))) == (RIGHT, [], 1)


async def test_who_has_an_address_now_is_asked_for_what_else_is_missing(deps: Deps) -> None:
    """An order that lacks answers too goes on by the letter that asks for them."""
    await place(deps, customer_details=None, customer_email=None, metadata={"product": "life_clarity"})
    mailer = Mailer()
    await readdress_order(deps, ORDER, RIGHT, BY)
    await run_errand(working(deps, mailer), "ask_details", ORDER)
    assert [(letter.kind, letter.recipient) for letter in mailer.letters] == [("details", RIGHT)]


async def test_a_letter_whose_dead_letter_was_discarded_goes_to_the_new_address(
    deps: Deps, clock: StoppedClock
) -> None:
    """The reports are sent all the same: whoever discards a refusal does not take them from their customer."""
    await stored(deps, **WRONG_SESSION)
    mailer = Mailer(refused=WRONG)
    worker = working(deps, mailer)
    await run_errand(worker, "complete_order", ORDER)
    (letter,) = await dead_letters(deps.db, limit=9, order=ORDER)
    await resolve_dead_letter(deps, letter["_id"], "discarded", BY)
    assert await readdress_order(deps, ORDER, RIGHT, BY) == 0
    clock.forward(60)
    await run_errand(worker, "complete_order", ORDER)
    assert order_state(await present(deps), []) == "delivered"


async def test_an_order_that_waits_for_something_else_stays_with_the_operator(deps: Deps) -> None:
    """Another address mends letters, and nothing else."""
    await place(deps)
    await call_operator(deps.db, ORDER, "A step is dead.", deps.clock.now())
    assert await readdress_order(deps, ORDER, RIGHT, BY) == 0
    order = await present(deps)
    assert (order["attention"], order["email"]) == ("A step is dead.", RIGHT)


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@b.example\nBcc: c@d.example", "Ada <a@b.example>", "@b.example"]
)
async def test_what_is_no_address_changes_nothing(deps: Deps, email: str) -> None:
    """An operator's slip is said, and not on record as an action."""
    before = await place(deps)
    with pytest.raises(AddressIsNone):
        await readdress_order(deps, ORDER, email, BY)
    with pytest.raises(OrderDoesNotExist):
        await readdress_order(deps, "cs_none", RIGHT, BY)
    assert await present(deps) == before
    assert await deps.db.audit.count_documents({}) == 0
