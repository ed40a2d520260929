"""Errands outlive crashes between any two of their writes, and what an operator must know is never hidden."""

import json
from typing import Any, get_args

import pytest

from actors.deps.process import Deps
from actors.intake.apply import apply_events
from actors.intake.events import Event
from actors.intake.fetch_session import fetch_session
from actors.orders.errands.registry import ERRANDS, run_errand
from actors.orders.operators.dead_letters import resolve_dead_letter, retry_order
from actors.products.catalogue import sell
from actors.reports.replay import ReplayIsImpossible
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.mail_address import plain_email
from storage.audit import Authority
from storage.dead_letters import dead_letters, record_dead_step
from storage.errands import add_errand
from storage.events import new_event, record_events
from storage.order_state import attention_of, order_state
from storage.orders import call_operator
from storage.records.orders import Errand
from storage.reports import reports_of
from tests.actors.builders import KIND, ORDER, event, messages, place, present, session, working
from tests.actors.vendors import StripeApi
from tests.builders import a_step
from tests.conftest import StoppedClock
from tests.products.home_energy.product import PRODUCT as HOME_ENERGY
from tests.products.selling import catalogue_kept

pytestmark = pytest.mark.anyio


def test_each_errand_has_a_function_of_its_name() -> None:
    """Whatever errand can be written down can be run, by the function that bears its name."""
    assert set(ERRANDS) == set(get_args(Errand))
    assert all(function.__name__ == errand for errand, function in ERRANDS.items())


async def test_an_order_identified_by_a_worker_that_died_begins_all_the_same(deps: Deps) -> None:
    """The errand that looked the product up does the rest of it when it is run again, without asking again."""
    bare = {"metadata": {"tenant": "main", "name": "Ada", "question": "Whither?"}}
    order = await place(deps, **bare)
    assert (order["product"], order_state(order, [])) == (None, "needs_attention")
    priced = {"line_items": {"data": [{"price": {"lookup_key": "life_clarity"}}]}}
    till = StripeApi(session(**bare, **priced))
    await run_errand(working(deps, stripe=till), "identify_order", ORDER)
    await deps.db.reports.delete_many({})
    await add_errand(deps.db, ORDER, "identify_order", deps.clock.now())
    await run_errand(working(deps, stripe=till), "identify_order", ORDER)
    order = await present(deps)
    assert (till.asked, "identify_order" in order["errands"], attention_of(order)) == (1, False, None)
    assert len(await reports_of(deps.db, [order])) == 1


async def test_an_order_identified_late_has_the_answers_that_its_report_asks_for(deps: Deps) -> None:
    """What the session says of a life, which is all that was read of it before, is no answer about a home."""
    metadata = {"tenant": "main", "name": "Ada", "birth_date": "1988-04-17", "floor_area": "120 m²"}
    bare: dict[str, Any] = {"metadata": metadata, "amount_subtotal": HOME_ENERGY.price}
    order = await place(deps, **bare)
    assert order["answers"] == {"name": "Ada", "birth_date": "1988-04-17"}
    till = StripeApi(session(**bare, line_items={"data": [{"price": {"lookup_key": HOME_ENERGY.name}}]}))
    with catalogue_kept():
        sell(HOME_ENERGY)
        await run_errand(working(deps, stripe=till), "identify_order", ORDER)
    order = await present(deps)
    assert (order["answers"], order["missing"]) == ({"name": "Ada", "floor_area": "120"}, ["heating"])


async def test_details_whose_form_was_interrupted_start_the_order_in_the_end(deps: Deps) -> None:
    """When the last answer is there and nobody was told, the end of the customer's time begins the report."""
    await place(deps, metadata={"product": "life_clarity", "name": "Ada"})
    await deps.db.orders.update_one({}, {"$set": {"missing": [], "answers.question": "Whither?"}})
    await run_errand(working(deps), "end_patience", ORDER)
    order = await present(deps)
    assert "end_patience" not in order["errands"]
    assert len(await reports_of(deps.db, [order])) == 1


async def test_a_customer_who_does_not_answer_is_an_operators_after_seven_days(
    deps: Deps, clock: StoppedClock
) -> None:
    """The letter is asked for at once; after seven days, and not before, the sweep has the operator called."""
    order = await place(deps, metadata={"product": "life_clarity", "name": "Ada"})
    assert [one["actor_name"] for one in messages(deps, "bundle")] == ["ask_details"]
    assert order_state(order, []) == "awaiting_details"
    deps.broker.client.flushdb()
    clock.moment = order["details_by"]
    await sweep_once(deps, Watch(clock))
    assert {one["actor_name"] for one in messages(deps, "bundle")} >= {"ask_details", "end_patience"}
    await run_errand(working(deps), "end_patience", ORDER)
    assert order_state(await present(deps), []) == "needs_attention"


async def test_an_event_that_fails_again_after_its_replay_is_open_again(deps: Deps, clock: StoppedClock) -> None:
    """Replaying hands the event to the sweep; if it cannot be applied this time either, the letter is back."""
    broken = json.dumps({**json.loads(event(ORDER)), "data": {"object": session(amount_subtotal="much")}}).encode()
    await record_events(deps.db, [new_event("evt_1", KIND, broken, clock.now())])
    clock.forward(5)
    await sweep_once(deps, Watch(clock))
    await resolve_dead_letter(deps, "event:evt_1", "replayed", Authority("test", "why not"))
    assert await dead_letters(deps.db, limit=9, state="open") == []
    clock.forward(5)
    await sweep_once(deps, Watch(clock))
    assert [letter["_id"] for letter in await dead_letters(deps.db, limit=9, state="open")] == ["event:evt_1"]


async def test_an_event_of_another_version_without_a_session_is_an_operators(deps: Deps) -> None:
    """What cannot be fetched because it names nothing ends as a dead letter, not in a circle."""
    odd = {**json.loads(event(ORDER)), "api_version": "2020-08-27", "data": {"object": None}}
    await record_events(deps.db, [new_event("evt_1", KIND, json.dumps(odd).encode(), deps.clock.now())])
    await fetch_session(working(deps), "evt_1")
    assert [letter["_id"] for letter in await dead_letters(deps.db, limit=9)] == ["event:evt_1"]
    assert messages(deps, "bundle") == []


async def test_a_replay_that_is_refused_leaves_the_order_before_the_operator(deps: Deps) -> None:
    """Whoever fails to replay a step does not take its order off the list."""
    await place(deps)
    facts = {"epoch": 1, "error": "!", "traceback": "", "attempts": 1, "done_at": deps.clock.now()}
    dead = a_step("x", f"{ORDER}:life_clarity", kind="write", slot="write", state="dead", **facts)
    await deps.db.steps.insert_one(dead)
    await record_dead_step(deps.db, dead, "A step is dead.")
    await call_operator(deps.db, ORDER, "A step is dead.", deps.clock.now())
    await deps.db.orders.update_one({}, {"$set": {"letter": "completion"}})
    letter = (await dead_letters(deps.db, limit=1))[0]["_id"]
    with pytest.raises(ReplayIsImpossible):
        await resolve_dead_letter(deps, letter, "replayed", Authority("test", "why not"))
    order = await present(deps)
    assert order["attention"] == "A step is dead."


@pytest.mark.parametrize("address", ["a@b.example", "a.b+c@d.example", "x@localhost"])
def test_an_address_that_can_be_written_to_is_kept(address: str) -> None:
    """What is a plain address stays as it is."""
    assert plain_email(address) == address


ELSEWHERE = [None, "", "a", "@b", "a@", "a b@c.d", "a:b@c.d", "a@b,c", "a,b@c.d", "a..b@c.d", "A <a@b.c>"]
NOT_ASCII = ["jösé@c.d"]
HOSTILE = ["a@b.c\nBcc: d@e.f", "a@=?utf-8?q?b.c?=", "a" * 321 + "@b.c"]


@pytest.mark.parametrize("address", [*ELSEWHERE, *NOT_ASCII, *HOSTILE])
def test_an_address_that_cannot_be_written_to_is_missing(address: str | None) -> None:
    """What would go elsewhere, or nowhere, counts as no address, so that the customer is asked for one."""
    assert plain_email(address) is None


async def test_an_order_that_is_not_paid_is_promised_nothing(deps: Deps) -> None:
    """One that an operator has judged anew before its payment waits for that; from then on its promise is kept."""
    await place(deps, payment_status="unpaid", amount_subtotal=1)
    worker = working(deps, stripe=StripeApi(session(payment_status="unpaid")))
    await retry_order(worker, ORDER, Authority("ann", "the price was right"))
    await run_errand(worker, "identify_order", ORDER)
    order = await present(deps)
    assert (order["objection"], "check_promise" in order["errands"]) == (None, True)
    await run_errand(worker, "check_promise", ORDER)
    assert "check_promise" not in (await present(deps))["errands"]
    assert await dead_letters(deps.db, limit=10) == []
    paid = {**json.loads(event(ORDER)), "data": {"object": session()}}
    await apply_events(deps, [Event("evt_paid", KIND, json.dumps(paid).encode())])
    assert "check_promise" in (await present(deps))["errands"]
