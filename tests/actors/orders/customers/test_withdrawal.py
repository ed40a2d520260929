"""Withdrawals from the contract: two steps on the order's page, one receipt, one refund, whatever comes twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.customers.withdrawal import withdraw
from actors.orders.errands.registry import run_errand
from actors.orders.hindrances import why_not_forgotten
from actors.orders.operators.privacy import OrderIsNotOver, begin_forgetting
from actors.orders.operators.requests import set_aside
from actors.orders.promise import promised_at
from actors.reports.perform_step import perform
from handlers.views.desk import for_a_person
from infra.tenants import MAIN, Tenant, Tenants
from storage.audit import Authority
from storage.endings import add_stored, choose_completion, mark_delivered
from storage.errands import add_errand
from storage.records.orders import Order
from tests.actors.builders import (
    BOOK,
    ORDER,
    alerts,
    answering,
    messages,
    place,
    present,
    state,
    sweep,
    with_sections,
)
from tests.actors.post import Mailer
from tests.actors.vendors import Till
from tests.builders import a_pdf
from tests.conftest import StoppedClock
from tests.customer import customer_of, hidden_fields

pytestmark = pytest.mark.anyio

CONSENT = {"text": "Begin at once.", "at": datetime(2026, 3, 1, tzinfo=UTC)}
#: Behind UTC, so that its day lasts longer.
ZONE = "America/New_York"
LINK = "Withdraw from contract here"


@pytest.fixture
def deps(deps: Deps) -> Deps:
    """Let the customers of the only tenant withdraw for 14 days."""
    return replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, withdrawal_days=14, timezone=ZONE)}))


async def paid(deps: Deps, clock: StoppedClock, *, delivered: bool = False, consent: bool = True) -> Order:
    """Place an order that is paid at this moment. Returns it."""
    await place(deps)
    facts: dict[str, Any] = {"paid_at": clock.now()} | ({"consent": CONSENT} if consent else {})
    if delivered:
        facts |= {"stored_at": clock.now(), "letter": "completion"}
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": facts})
    if delivered:
        await mark_delivered(deps.db, ORDER, clock.now())
    return await present(deps)


async def mailed(worker: WorkDeps) -> None:
    """Run what a withdrawal leads to."""
    for errand in ("confirm_withdrawal", "refund_order"):
        await run_errand(worker, errand, ORDER)


async def test_a_withdrawal_in_time_is_one_receipt_and_one_refund(
    deps: Deps, worker: WorkDeps, mailer: Mailer, till: Till, clock: StoppedClock
) -> None:
    """Looking changes nothing; the button twice is one withdrawal; each mail and the refund come once."""
    async with customer_of(deps, await paid(deps, clock)) as customer:
        assert LINK in (await customer.get()).text
        form = await customer.get("/withdrawal")
        assert "Confirm withdrawal" in form.text
        assert "withdrawn_at" not in await present(deps)
        for _ in range(2):
            clock.forward(60)
            confirmed = await customer.post("/withdrawal", {})
            assert (confirmed.status_code, "March 1, 2026 at 07:01:00 (EST)" in confirmed.text) == (200, True)
    for _ in range(2):
        await mailed(worker)
    assert (mailer.kinds, till.refunds) == (["withdrawal", "refund"], 1)
    receipt, refund = mailer.letters
    assert "on March 1, 2026 at 07:01:00 (EST) you declared to us" in receipt.text
    assert "I withdraw from my contract for Life Clarity" in receipt.text
    assert "you have withdrawn from your contract" in refund.text
    assert await for_a_person(deps, 10) == []


async def test_a_customer_is_not_forgotten_before_the_receipt(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """It still needs the address, also once the money is back."""
    assert await withdraw(deps, await paid(deps, clock))
    await run_errand(worker, "refund_order", ORDER)
    assert await why_not_forgotten(deps, await present(deps)) == "confirm_withdrawal is under way"
    await run_errand(worker, "confirm_withdrawal", ORDER)
    assert await why_not_forgotten(deps, await present(deps)) is None


async def test_what_lay_still_for_a_withdrawal_goes_on_though_the_mail_had_gone(
    deps: Deps, worker: WorkDeps, clock: StoppedClock
) -> None:
    """Its order was delivered meanwhile, and a lost book of it is being printed again."""
    order, (section, *_) = await with_sections(deps)
    chosen = {"paid_at": clock.now(), "letter": "completion", "stored_at": clock.now()}
    await deps.db.orders.update_one({"_id": order}, {"$set": chosen})
    assert await withdraw(deps, await present(deps, order))
    await perform(worker, order, section["_id"], answering({"text": "Some words."}))
    assert "due_at" not in await state(deps, section)
    await mark_delivered(deps.db, order, clock.now())
    await set_aside(deps, order, Authority("olga", "she has it"), "withdrawal")
    await run_errand(worker, "heed_pause", order)
    assert (await state(deps, section))["due_at"] == clock.now()


async def test_a_withdrawal_outlives_the_process_that_took_it(
    deps: Deps, worker: WorkDeps, mailer: Mailer, till: Till, clock: StoppedClock
) -> None:
    """Without its messages the sweep asks for receipt and refund."""
    assert await withdraw(deps, await paid(deps, clock))
    deps.broker.client.flushdb()
    clock.forward(16)
    await sweep(deps)
    asked = {message["actor_name"] for message in messages(deps, "bundle")}
    assert asked >= {"confirm_withdrawal", "refund_order"}
    await mailed(worker)
    assert (mailer.kinds, till.refunds) == (["withdrawal", "refund"], 1)


async def test_the_right_ends_with_a_delivery_that_was_agreed_to(deps: Deps, clock: StoppedClock) -> None:
    """The pages say so plainly, and a form that is sent all the same is not taken."""
    async with customer_of(deps, await paid(deps, clock, delivered=True)) as customer:
        order, page = (await customer.get()).text, await customer.get("/withdrawal")
        sent = await customer.post("/withdrawal", {})
    assert (LINK in order, "has ended" in order) == (False, True)
    assert (page.status_code, "has ended" in page.text, "<form" in page.text) == (200, True, False)
    assert (sent.status_code, "withdrawn_at" in await present(deps)) == (409, False)


async def test_a_withdrawal_that_a_delivery_overtakes_is_none(deps: Deps, till: Till, clock: StoppedClock) -> None:
    """An order is delivered or refunded, never both: the later of the two finds it otherwise than it was seen."""
    seen = await paid(deps, clock)
    await paid(deps, clock, delivered=True)
    assert not await withdraw(deps, seen)
    order = await present(deps)
    assert (order["letter"], "withdrawn_at" in order, till.refunds) == ("completion", False, 0)


async def test_what_is_not_ours_to_refund_is_an_owners(
    deps: Deps, worker: WorkDeps, mailer: Mailer, till: Till, clock: StoppedClock
) -> None:
    """Delivered without a consent: a receipt is mailed, and the order listed and alerted until it is set aside."""
    async with customer_of(deps, await paid(deps, clock, delivered=True, consent=False)) as customer:
        for _ in range(2):
            assert "looking at it" in (await customer.post("/withdrawal", {})).text
    await mailed(worker)
    assert (mailer.kinds, till.refunds, await alerts(deps, "request")) == (["withdrawal"], 0, 1)
    (waiting,) = await for_a_person(deps, 10)
    assert "has withdrawn" in str(waiting["reason"])
    await set_aside(deps, ORDER, Authority("olga", "refunded at Stripe's"), "withdrawal")
    assert (await for_a_person(deps, 10), await alerts(deps, "request")) == ([], 0)


async def test_nobody_keeps_a_finished_report_and_gets_all_of_the_money_by_itself(
    deps: Deps, worker: WorkDeps, till: Till, clock: StoppedClock
) -> None:
    """The first report of a bundle may be read while the others are made: an operator sees to the withdrawal."""
    seen = await paid(deps, clock)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"products": [BOOK, "personal_blueprint"]}})
    await add_stored(deps.db, ORDER, BOOK, seen["run"][BOOK], clock.now())
    assert not await withdraw(deps, seen)  # as it was before
    await deps.db.reports.update_one({"order": ORDER}, {"$set": {"pdf": a_pdf()}})
    assert await withdraw(deps, await present(deps))
    await mailed(worker)
    order = await present(deps)
    assert (order["request"]["kind"], order["letter"], till.refunds) == ("withdrawal", None, 0)


async def test_the_button_does_what_its_page_said_or_says_what_it_does_now(
    deps: Deps, worker: WorkDeps, till: Till, clock: StoppedClock
) -> None:
    """A report that is made while the page stands open takes the promise back before anything is declared."""
    async with customer_of(deps, await paid(deps, clock)) as customer:
        form = await customer.get("/withdrawal")
        assert "what you paid goes back" in form.text
        await deps.db.reports.update_one({"order": ORDER}, {"$set": {"pdf": a_pdf()}})
        asked = await customer.post("/withdrawal", hidden_fields(form))
        assert (asked.status_code, "has changed since" in asked.text) == (409, True)
        assert ("One of us then looks at it" in asked.text, "what you paid" in asked.text) == (True, False)
        assert "withdrawn_at" not in await present(deps)
        assert (await customer.post("/withdrawal", hidden_fields(asked))).status_code == 200
    await mailed(worker)
    assert ((await present(deps))["request"]["kind"], till.refunds) == ("withdrawal", 0)


async def test_nobody_is_forgotten_who_waits_for_an_answer(
    deps: Deps, worker: WorkDeps, clock: StoppedClock
) -> None:
    """A withdrawal that is an operator's outlasts the day of forgetting, with its alert, and is in the list."""
    assert await withdraw(deps, await paid(deps, clock, delivered=True, consent=False))
    await deps.db.reports.update_many({"order": ORDER}, {"$set": {"state": "stored"}})
    await add_errand(deps.db, ORDER, "forget_order", clock.now())
    with pytest.raises(OrderIsNotOver, match="waits for an answer"):
        await begin_forgetting(deps, ORDER, Authority("olga", "it is time"))
    await run_errand(worker, "forget_order", ORDER)
    order = await present(deps)
    assert ("forgotten_at" in order, order["request"]["kind"]) == (False, "withdrawal")
    assert (len(await for_a_person(deps, 10)), await alerts(deps, "request")) == (1, 1)
    await set_aside(deps, ORDER, Authority("olga", "refunded at Stripe's"), "withdrawal")
    await run_errand(worker, "confirm_withdrawal", ORDER)
    assert await why_not_forgotten(deps, await present(deps)) is None


async def test_nothing_is_made_or_sent_while_a_withdrawal_waits_for_an_operator(
    deps: Deps, worker: WorkDeps, mailer: Mailer, clock: StoppedClock
) -> None:
    """Of a disputed order no section is bought and no mail goes; once it is set aside, both go on."""
    order, (section, *_) = await with_sections(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"on_hold": True, "paid_at": clock.now()}})
    assert await withdraw(deps, await present(deps, order))
    await perform(worker, order, section["_id"], answering({"text": "Some words."}))
    assert (await state(deps, section))["state"] == "queued"
    stored: dict[str, Any] = {"on_hold": False, "stored_at": clock.now(), "errands.complete_order": clock.now()}
    await deps.db.orders.update_one({"_id": order}, {"$set": stored})
    assert not await choose_completion(deps.db, order)
    await run_errand(worker, "complete_order", order)
    assert ((await present(deps, order))["errands"]["complete_order"] > clock.now(), mailer.kinds) == (True, [])
    assert promised_at(await present(deps, order)) is None
    clock.forward(3600)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"failed_at": clock.now() - timedelta(days=1)}})
    for errand in ("confirm_order", "check_promise", "tell_failure"):
        await run_errand(worker, errand, order)
    assert mailer.kinds == []
    await deps.db.orders.update_one({"_id": order}, {"$set": {"failed_at": None}})
    assert (await present(deps, order))["errands"]["check_promise"] > clock.now()
    await set_aside(deps, order, Authority("olga", "she changed her mind"), "withdrawal")
    await run_errand(worker, "heed_pause", order)
    assert (await state(deps, section)).get("due_at") == clock.now()
    assert (await present(deps, order))["errands"]["complete_order"] == clock.now()
    clock.forward(60)  # a worker remembers for some seconds how an order was
    await perform(worker, order, section["_id"], answering({"text": "Some words."}))
    assert (await state(deps, section))["state"] == "done"
    assert await choose_completion(deps.db, order)


@pytest.mark.parametrize(("days", "hours", "granted"), [(14, 15, True), (14, 16, False), (None, 0, False)])
async def test_there_is_such_a_page_as_long_as_the_tenant_grants_it(
    deps: Deps, clock: StoppedClock, days: int | None, hours: int, *, granted: bool
) -> None:
    """Until the end of the last day where it was sold; never without the setting."""
    order = await paid(deps, clock)
    clock.forward((14 * 24 + hours) * 3600)
    tenant = Tenant(id=MAIN, withdrawal_days=days)
    async with customer_of(replace(deps, tenants=Tenants({MAIN: tenant})), order) as customer:
        assert (LINK in (await customer.get()).text) == granted
        statuses = [
            (await customer.get("/withdrawal")).status_code,
            (await customer.post("/withdrawal", {})).status_code,
        ]
    assert statuses == ([200, 200] if granted else [404, 404])
