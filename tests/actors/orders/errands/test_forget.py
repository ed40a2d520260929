"""Customers who are forgotten: what is known of them is removed, whatever is interrupted; the books stay."""

from dataclasses import replace
from datetime import timedelta
from operator import itemgetter
from typing import Any

import msgspec
import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.customers.resend import ResendIsImpossible, ask_resend
from actors.orders.errands.registry import run_errand
from actors.orders.operators.correction import CorrectionIsImpossible, correct_order
from actors.orders.operators.dead_letters import retry_order
from actors.orders.operators.mails import order_resend, readdress_order
from actors.orders.operators.privacy import OrderIsNotOver, begin_forgetting
from actors.orders.operators.refund import begin_refund
from actors.reports.begin_report import give_up_report
from handlers.views.orders import order_view
from infra.errors import TransientError
from infra.links import Links
from infra.local.stack import Stack
from storage.audit import Authority
from storage.corrections import correct_answers
from storage.dead_letters import record_dead_errand
from storage.errands import add_errand
from storage.events import find_event, new_event, record_events, settle_events
from storage.forgetting import ask_forgetting
from storage.forms import find_forms, keep_form
from storage.ledger import open_entry, settle_entry
from storage.objects import ObjectStore
from storage.orders import OrderDoesNotExist, call_operator, find_order_by_token, note_ended, retire
from storage.records.orders import Correction, Gift, Order
from storage.records.work import Settlement, TokenUsage
from storage.reports import report_id
from storage.resends import note_resend
from storage.steps import insert_steps
from tests.actors.builders import BOOK, ORDER, place, present, working
from tests.actors.post import Mailer, delivered, stored
from tests.actors.stories import DISPUTED, Purchase, say
from tests.actors.vendors import Till
from tests.builders import a_step
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before, lives_until

pytestmark = pytest.mark.anyio

#: The number of writes by which a customer is forgotten.
WRITES = 12
BY = Authority("Olga", "she asked us to")
NAME, QUESTION, EMAIL = "Ada Zzyzx", "Whither, Zzyzx?", "zzyzx@customer.example"
SESSION: dict[str, Any] = {
    "metadata": {"product": "life_clarity", "name": NAME, "question": QUESTION},
    "customer_details": {"email": EMAIL},
    "client_reference_id": "form-1",
}


async def known(deps: Deps) -> Order:
    """Deliver an order about which every collection holds a document. Returns it as it stood."""
    now = deps.clock.now()
    gift: Gift = {"email": f"reader.{EMAIL}", "giver": NAME, "message": NAME, "at": now}
    await keep_form(deps.db, "form-1", "life_clarity", {"name": NAME}, now, gift=gift)
    order = await place(deps, **SESSION)
    raw = f'{{"data": {{"object": {{"id": "{ORDER}", "email": "{EMAIL}"}}}}}}'.encode()
    await record_events(deps.db, [new_event("evt_1", "x", raw, now, [ORDER]), new_event("evt_2", "x", raw, now)])
    await settle_events(deps.db, ["evt_1", "evt_2"], "applied")
    step = a_step("write-x", f"{ORDER}:life_clarity", state="done", result={"text": f"Dear {NAME}"})
    await insert_steps(deps.db, [step])
    entry = await open_entry(deps.db, step, 1, now)
    usage: TokenUsage = {"input": 9, "cached": 0, "output": 9, "estimated": False}
    paid: Settlement = {"usage": usage, "model": "gpt-5-mini", "cost_usd": 0.25}
    await settle_entry(deps.db, entry, {"outcome": "written", "error": NAME, **paid}, now)
    await record_dead_errand(deps.db, ORDER, "ask_details", "No.", f"550 no {EMAIL}", EMAIL, now, fails=False)
    await deps.objects.put(f"orders/{ORDER}/life_clarity.pdf", b"%PDF-")
    await deps.objects.put(f"orders/{ORDER}/life_clarity/chunks/1.pdf", b"%PDF-")
    await run_errand(working(deps, Mailer()), "complete_order", ORDER)
    return order


async def everything(deps: Deps) -> str:
    """Return the content of MongoDB, but for another customer's event."""
    names = await deps.db.orders.database.list_collection_names()
    found = [await deps.db.orders.database[name].find({"_id": {"$ne": "evt_2"}}).to_list() for name in names]
    return str(found)


async def finish(deps: Deps) -> None:
    """Store the order's report."""
    await stored(deps, **SESSION)


async def forget(worker: WorkDeps, order: str) -> None:
    """Forget an order's customer as the errand does."""
    await run_errand(worker, "forget_order", order)


async def test_nothing_is_left_of_a_forgotten_customer(deps: Deps, clock: StoppedClock) -> None:
    """No answer, address, text, event or file; the link is dead, and product, dates and costs are as they were."""
    await finish(deps)
    order = await known(deps)
    before = await order_view(deps, await present(deps))
    assert "Zzyzx" in await everything(deps)
    await begin_forgetting(deps, ORDER, BY)
    await run_errand(working(deps), "forget_order", ORDER)
    await run_errand(working(deps), "forget_order", ORDER)
    left = await everything(deps)
    assert "zzyzx" not in left.lower()
    event = await find_event(deps.db, "evt_1")
    assert event is not None
    assert event.get("reason") == "Its customer is forgotten."
    assert await find_order_by_token(deps.db, order["token"]) is None
    assert await find_forms(deps.db, ["form-1"]) == {}
    for key in (f"orders/{ORDER}/life_clarity.pdf", f"orders/{ORDER}/life_clarity/chunks/1.pdf"):
        assert not await deps.objects.exists(key)
    after = await order_view(deps, await present(deps))
    books = itemgetter("order_id", "state", "product", "paid_at", "amount_refunded", "llm")
    assert books(after) == books(before)
    assert after["llm"]["cost_usd"] == 0.25
    assert [action["action"] for action in await deps.db.audit.find().to_list()] == ["forgotten"]
    with pytest.raises(ResendIsImpossible):
        await order_resend(deps, ORDER, BY)
    assert (await present(deps))["errands"] == {}
    assert Links(deps.settings).order(order["token"]) != after["url"]


async def test_an_order_whose_customer_is_about_to_be_forgotten_is_not_made_or_sent_again(deps: Deps) -> None:
    """Neither a correction nor a resend, by whomever, comes between an operator's word and its errand."""
    await finish(deps)
    await known(deps)
    order = await present(deps)
    await begin_forgetting(deps, ORDER, BY)
    for again in (
        correct_order(deps, ORDER, {"name": "Grace"}, BY),
        order_resend(deps, ORDER, BY),
        ask_resend(deps, await present(deps)),
    ):
        with pytest.raises((CorrectionIsImpossible, ResendIsImpossible)):
            await again
    # Nor by who saw the order a moment before.
    at = deps.clock.now()
    later: Correction = {"at": at, "who": BY.who, "before": {}, "after": {"name": "Grace"}, "delivered_at": None}
    assert not await correct_answers(deps.db, order, later, None)
    assert not await note_resend(deps.db, order, deps.clock.now())
    await run_errand(working(deps), "forget_order", ORDER)
    assert "forgotten_at" in await present(deps)


async def test_an_order_is_not_forgotten_as_it_was_before_its_correction(deps: Deps) -> None:
    """Of two operators at once the one who corrects is first: the other hears that the order has changed."""
    await finish(deps)
    await known(deps)
    order = await present(deps)
    await correct_order(deps, ORDER, {"name": "Grace"}, BY)
    assert not await ask_forgetting(deps.db, order, deps.clock.now())
    assert "forget_order" not in (await present(deps))["errands"]


async def test_the_settings_put_no_forgetting_off(deps: Deps, clock: StoppedClock) -> None:
    """An operator has asked for it: a day that follows from the settings is not waited for."""
    await place(deps, payment_status="unpaid")
    await note_ended(deps.db, ORDER, clock.now())
    await begin_forgetting(deps, ORDER, BY)
    await retire(deps.db, ORDER, clock.now() + timedelta(days=30))
    await run_errand(working(deps), "forget_order", ORDER)
    assert "forgotten_at" in await present(deps)


async def test_forgetting_goes_on_after_a_store_was_away(deps: Deps, stack: Stack) -> None:
    """The link is dead at once; the errand stays until the last file is gone."""
    await finish(deps)
    order = await known(deps)
    await begin_forgetting(deps, ORDER, BY)
    away = replace(working(deps), objects=ObjectStore("pressroom", "http://127.0.0.1:9"))
    with pytest.raises(TransientError):
        await run_errand(away, "forget_order", ORDER)
    assert await find_order_by_token(deps.db, order["token"]) is None
    assert "forget_order" in (await present(deps))["errands"]
    await run_errand(working(deps), "forget_order", ORDER)
    assert not await deps.objects.exists(f"orders/{ORDER}/life_clarity.pdf")
    assert (await present(deps))["errands"] == {}


@pytest.mark.parametrize("write", range(13))
async def test_forgetting_goes_on_after_a_worker_died_before_its_write(deps: Deps, write: int) -> None:
    """Whatever it had removed, the errand is there until all is: another worker removes the rest."""
    await finish(deps)
    await known(deps)
    await begin_forgetting(deps, ORDER, BY)

    assert await lives_until(write, forget, working(deps), ORDER) == (write < WRITES)
    if write < WRITES:
        assert "forget_order" in (await present(deps))["errands"]
    await run_errand(working(deps), "forget_order", ORDER)
    assert "zzyzx" not in (await everything(deps)).lower()
    assert (await present(deps))["errands"] == {}


async def test_an_order_that_is_being_made_is_not_forgotten(deps: Deps) -> None:
    """The operator is told to refund it or to wait; a disputed one is evidence. Nothing is on record."""
    await place(deps)
    with pytest.raises(OrderIsNotOver, match="being made"):
        await begin_forgetting(deps, ORDER, BY)
    await deps.db.orders.update_one({}, {"$set": {"delivered_at": deps.clock.now(), "on_hold": True}})
    with pytest.raises(OrderIsNotOver, match="disputed"):
        await begin_forgetting(deps, ORDER, BY)
    with pytest.raises(OrderDoesNotExist):
        await begin_forgetting(deps, "cs_none", BY)
    assert await deps.db.audit.count_documents({}) == 0


async def test_an_order_that_waits_to_be_begun_is_not_forgotten(deps: Deps) -> None:
    """A refused letter makes it an operator's while its report still stands in line."""
    await place(deps)
    await call_operator(deps.db, ORDER, "The confirmation mail was refused: 550.", deps.clock.now())
    with pytest.raises(OrderIsNotOver, match="being made"):
        await begin_forgetting(deps, ORDER, BY)


async def test_an_order_is_not_forgotten_before_its_latest_news(deps: Deps) -> None:
    """An event that was recorded a moment ago is seen to first: it may be a dispute."""
    await delivered(deps, Mailer())
    await record_events(deps.db, [new_event("evt_3", "charge.dispute.created", b"{}", deps.clock.now(), [ORDER])])
    with pytest.raises(OrderIsNotOver, match="just come"):
        await begin_forgetting(deps, ORDER, BY)
    await settle_events(deps.db, ["evt_3"], "applied")
    await begin_forgetting(deps, ORDER, BY)


async def test_an_order_that_failed_is_not_forgotten_before_its_refund(
    worker: WorkDeps, bought: Purchase, till: Till
) -> None:
    """Nothing of it is made any more, and Stripe has not been asked: forgotten, its money would never go back.

    That holds of a refund that the settings will decide on, and of one that an operator has.
    """
    await give_up_report(worker, report_id(bought.session, BOOK), "It cannot be made.")
    with pytest.raises(OrderIsNotOver, match="refund_order is under way"):
        await begin_forgetting(worker, bought.session, BY)
    await begin_refund(worker, bought.session, BY)
    with pytest.raises(OrderIsNotOver, match="refund_order is under way"):
        await begin_forgetting(worker, bought.session, BY)
    await run_errand(worker, "refund_order", bought.session)
    await begin_forgetting(worker, bought.session, BY)
    assert till.refunds == 1


async def test_what_is_asked_for_as_a_customer_is_forgotten_is_met(deps: Deps) -> None:
    """A correction between the look at an order and its forgetting by the settings takes that back."""
    await delivered(deps, Mailer())
    await add_errand(deps.db, ORDER, "forget_order", deps.clock.now())
    async with frozen_before(0, forget, working(deps), ORDER):
        await correct_order(deps, ORDER, {"name": "Grace"}, BY)
    order = await present(deps)
    assert (order["answers"]["name"], "forgotten_at" in order) == ("Grace", False)
    assert "resume_replay" in order["errands"]


async def test_a_dispute_that_comes_as_a_customer_is_forgotten_keeps_them(
    worker: WorkDeps, bought: Purchase
) -> None:
    """What is known of them may be evidence, and the alert about it stays."""
    worker = replace(worker, settings=msgspec.structs.replace(worker.settings, refund_after_s=None))
    await give_up_report(worker, report_id(bought.session, BOOK), "It cannot be made.")
    await begin_forgetting(worker, bought.session, BY)
    async with frozen_before(0, forget, worker, bought.session):
        await say(worker, bought, DISPUTED)
    assert "forgotten_at" not in await present(worker, bought.session)
    assert await worker.db.alerts.count_documents({"kind": "dispute"}) == 1


async def test_an_order_refunded_while_its_letter_waited_can_be_forgotten(deps: Deps) -> None:
    """Its completion letter will never go out, so nothing is under way for its customer."""
    await stored(deps)
    await run_errand(working(deps, Mailer(busy=True)), "complete_order", ORDER)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"stopped": True}})
    await begin_forgetting(deps, ORDER, BY)


async def test_a_forgotten_customer_stays_forgotten(deps: Deps) -> None:
    """Nobody asks Stripe for who was forgotten, or gives them an address: there is no such order any more."""
    await place(deps, metadata={"product": "life_clarity", "tenant": "nobody"})
    worker = working(deps)
    await begin_forgetting(deps, ORDER, BY)
    await run_errand(worker, "forget_order", ORDER)
    with pytest.raises(OrderDoesNotExist, match="forgotten"):
        await retry_order(worker, ORDER, BY)
    with pytest.raises(OrderDoesNotExist, match="forgotten"):
        await readdress_order(worker, ORDER, "ada@customer.example", BY)
    await add_errand(deps.db, ORDER, "identify_order", deps.clock.now())
    await run_errand(worker, "identify_order", ORDER)
    order = await present(deps)
    assert (order["answers"], order["email"], order["errands"]) == ({}, None, {})
