"""What is asked about orders: by the webhook, errands, the sweep, pages and operators."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from storage.attention import orders_for_a_person
from storage.audit import actions_on
from storage.budget import begin_pause, end_pause, spending_of
from storage.corrections import (
    begin_remake,
    correct_answers,
    end_remaking,
    request_remake,
    settle_answer,
    settle_request,
    uncorrected_since,
    use_answers,
)
from storage.database import Database
from storage.dead_letters import dead_letters
from storage.endings import (
    add_stored,
    begin_replay,
    choose_completion,
    choose_refund,
    end_replay,
    mark_delivered,
    mark_refunded,
    reserve_notice,
)
from storage.errands import add_errand, delay_errand, open_errand, orders_with_errands, reschedule, settle_errand
from storage.events import events_of
from storage.figures import open_orders, open_orders_paid_before, scheduled_gifts
from storage.forgetting import (
    ask_forgetting,
    files_of,
    forget_customer,
    forget_events,
    forget_words,
    has_news,
    is_being_made,
)
from storage.orders import (
    await_details,
    call_operator,
    change_address,
    end_failure,
    fail_order,
    fill_details,
    find_order,
    find_order_by_token,
    find_orders,
    latest_orders,
    named_order,
    note_ended,
    note_opened,
    note_paid,
    note_payment,
    note_purchase,
    orders_at_a_glance,
    orders_of_payments,
    orders_placed,
    place_orders,
    release_operator,
    remembered_order,
    retire,
)
from storage.payments import payment_state
from storage.resends import note_resend
from storage.search import ids_behind, orders_by_ids, orders_of_customer
from storage.sign_ins import begin_sign_in, end_sign_in, find_sign_in
from storage.steps import steps_at_a_glance
from storage.withdrawals import record_withdrawal
from tests.builders import NOW
from tests.storage.picking import pick
from tests.storage.plans.shop import PRODUCT, TENANT

Ask = Callable[..., Awaitable[Any]]

_SOON = NOW + timedelta(seconds=30)


async def ask_of_orders(db: Database, ask: Ask) -> None:
    """Ask all of it."""
    for questions in (_placing, _errands, _operators, _pages, _endings, _forgetting):
        await questions(db, ask)


async def _placing(db: Database, ask: Ask) -> None:
    seen = await pick(db.orders, paid_at=None)
    order = seen["_id"]
    await ask(place_orders, [{**seen, "_id": "cs_new", "token": "new"}, seen])
    await ask(note_ended, order, NOW)
    await ask(retire, order, NOW)
    await ask(note_paid, order, NOW)
    await ask(note_payment, order, 1, payment_state({"_id": "pi_none", "version": 0}))
    await ask(await_details, order, _SOON, NOW)
    await ask(fill_details, order, {"name": "Ada"}, NOW)
    await ask(note_purchase, seen, {"product": PRODUCT}, NOW)
    await ask(find_order, order)
    await ask(named_order, order)
    await ask(remembered_order, order)
    await ask(find_orders, [order, "cs_new"])
    await ask(orders_at_a_glance, [order, "cs_new"])
    await ask(find_order_by_token, seen["token"])
    await ask(orders_of_payments, [seen["payment_intent"], "pi_none"])
    assert len(await ask(latest_orders, 50)) == 50
    assert len(await ask(orders_placed, NOW - timedelta(days=60), NOW, [order], 25)) == 25


async def _errands(db: Database, ask: Ask) -> None:
    due = await ask(orders_with_errands, NOW, 500)
    seen = await pick(db.orders, _id=due[0]["_id"])
    order = seen["_id"]
    await ask(add_errand, order, "confirm_order", NOW)
    await ask(open_errand, order, "confirm_order", NOW)
    await ask(delay_errand, order, "confirm_order", _SOON)
    await ask(settle_errand, seen, "check_promise", None)
    await ask(reschedule, await pick(db.orders, _id=order), {"confirm_order": _SOON})


async def _operators(db: Database, ask: Ask) -> None:
    order = (await pick(db.orders, failed_at={"$ne": None}))["_id"]
    await ask(call_operator, order, "It broke.", NOW)
    await ask(fail_order, order, "It broke.", NOW)
    await ask(reserve_notice, order, "failure", NOW)
    await ask(begin_pause, await pick(db.orders, _id=order), "Spent.", 0.1, NOW)
    await ask(spending_of, order, 1.0, NOW)
    await ask(end_pause, await pick(db.orders, _id=order), 9.0, NOW)
    await ask(begin_replay, order, {"product": PRODUCT, "run": 2, "steps": ["s"]}, NOW)
    await ask(end_replay, order, PRODUCT, 2)
    await ask(change_address, order, "ada@customer.example")
    await ask(end_failure, await pick(db.orders, _id=order))
    await ask(release_operator, order, "A step is dead.")


async def _pages(db: Database, ask: Ask) -> None:
    order = await pick(db.orders, delivered_at={"$ne": None})
    found = await ask(orders_by_ids, [order["_id"]])
    assert [one["_id"] for one in found] == [order["_id"]]
    await ask(orders_by_ids, [order["payment_intent"]])
    await ask(ids_behind, (await pick(db.events))["_id"])
    await ask(ids_behind, order["_id"])
    await ask(ids_behind, (await pick(db.deliveries))["message_id"])
    await ask(ids_behind, (await pick(db.dead_letters))["_id"])
    await ask(orders_of_customer, "nobody@customer.example", 50)
    await ask(orders_of_customer, "Nobody", 50)
    await ask(orders_for_a_person, 100)
    assert await ask(open_orders, NOW, 1000)
    await ask(scheduled_gifts, NOW)
    await ask(note_opened, "cs_unheard_of", NOW)
    assert await ask(open_orders_paid_before, NOW, NOW, {}, 1000)
    await ask(open_orders_paid_before, NOW, NOW, {"product": PRODUCT, "tenant": TENANT}, 1000)
    await ask(events_of, order)
    await ask(steps_at_a_glance, order)
    await ask(dead_letters, limit=500, order=order["_id"])
    await ask(actions_on, order["_id"])
    secret = await ask(begin_sign_in, "olga", "seal", _SOON)
    assert await ask(find_sign_in, secret, NOW)
    await ask(end_sign_in, secret)


async def _endings(db: Database, ask: Ask) -> None:
    order = (await pick(db.orders, letter=None, stopped=False, failed_at=None, **{f"run.{PRODUCT}": 1}))["_id"]
    assert await ask(add_stored, order, PRODUCT, 1, NOW)
    assert await ask(choose_completion, order)
    assert await ask(choose_completion, order)  # it finds its letter chosen
    seen = await pick(db.orders, _id=order)
    await ask(mark_delivered, order, NOW, **uncorrected_since(seen))
    await ask(note_resend, seen, NOW)
    other = (await pick(db.orders, letter=None))["_id"]
    await ask(choose_refund, other, NOW, on_hold=False)
    await ask(mark_refunded, other)
    delivered = await pick(db.orders, _id=order)
    correction = {"at": NOW, "who": "olga", "before": {}, "after": {"name": "Ada"}, "delivered_at": NOW}
    assert await ask(correct_answers, delivered, correction, NOW)
    await ask(begin_remake, order, PRODUCT, 2)
    await ask(end_remaking, await pick(db.orders, _id=order))
    await _ask_of_requests(db, ask, order)


async def _ask_of_requests(db: Database, ask: Ask, order: str) -> None:
    seen = await pick(db.orders, _id=order)
    await ask(use_answers, seen, NOW)
    await ask(settle_answer, seen, "name", "Ada B.")
    assert await ask(request_remake, seen, {"kind": "remake", "at": NOW, "answers": {}})
    assert await ask(settle_request, await pick(db.orders, _id=order), NOW)
    assert await ask(record_withdrawal, seen, NOW, refunding=True)


async def _forgetting(db: Database, ask: Ask) -> None:
    order = await pick(db.orders, delivered_at={"$ne": None}, errands={})
    await ask(is_being_made, order)
    await ask(has_news, order)
    assert await ask(ask_forgetting, order, NOW)
    await ask(forget_customer, await pick(db.orders, _id=order["_id"]), "other", NOW)
    await ask(files_of, order)
    await ask(forget_words, order)
    await ask(forget_events, order)
