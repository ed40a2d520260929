"""Corrections by the customer, at the order's pages, with the engine at every point of its first purchase."""

import asyncio
import re
from dataclasses import replace

import pytest
from httpx2 import Response

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.customers.correction import ask_remake
from actors.orders.customers.withdrawal import withdraw
from actors.orders.errands.registry import run_errand
from actors.orders.operators.correction import CorrectionIsImpossible
from actors.orders.operators.privacy import begin_forgetting
from actors.orders.operators.requests import grant_remake, quote_remake, set_aside
from actors.reports.perform_step import perform
from actors.reports.write_section import write_section
from handlers.views.desk import for_a_person
from handlers.views.timeline import timeline
from infra.tenants import MAIN, Tenant, Tenants
from storage.audit import Authority
from storage.endings import mark_delivered
from storage.records.work import Step
from tests.actors.builders import ORDER, alerts, messages, place, present, state, steps, with_sections
from tests.actors.reports.writing import Provider, answer, open_provider, writing
from tests.conftest import StoppedClock
from tests.customer import Customer, customer_of, hidden_fields, typed

pytestmark = pytest.mark.anyio

_SURE = re.compile(r'name="sure" value="(\w+)"')
BY = Authority("olaf", "she is right")
GRACE = {"name": "Grace", "question": "Whither?"}


async def correct(customer: Customer, **answers: str) -> str:
    """Send corrected answers, and their review. Returns the text of the page that ends it."""
    form = await customer.get("/answers")
    review = await customer.post("/answers", typed(form, **answers))
    assert "Is this right?" in review.text
    return (await customer.post("/answers", sure(review))).text


def sure(review: Response) -> dict[str, str]:
    """Return the form of a review, sent by its main button."""
    return {**hidden_fields(review), "sure": _SURE.findall(review.text)[0]}


async def write(worker: WorkDeps, deps: Deps, order: str) -> list[Step]:
    """Have each section that is queued written. Returns them as they stood."""
    sections = [section for section in await steps(deps, order, "write") if section["state"] == "queued"]
    for section in sections:
        await perform(worker, order, section["_id"], lambda claim: write_section(worker, claim))
    return sections


async def test_a_correction_in_time_is_in_every_section(deps: Deps) -> None:
    """It is reviewed first; looking changes nothing; sent twice it is one; all is written from the new answers."""
    order, _ = await with_sections(deps)
    provider = open_provider(*[answer() for _ in range(4)])
    worker = writing(deps, provider, patient=False)
    async with customer_of(deps, await present(deps, order)) as customer:
        form = await customer.get("/answers")
        review = await customer.post("/answers", typed(form, **GRACE))
        assert (await present(deps, order))["answers"]["name"] == "Ada"
        sent = sure(review)
        first, second = [await customer.post("/answers", sent) for _ in range(2)]
        assert (first.status_code, "from your new answers" in first.text) == (200, True)
        assert (second.status_code, "nothing has changed" in second.text) == (200, True)
    (correction,) = (await present(deps, order))["corrections"]
    assert (correction["before"], correction["after"]) == ({"name": "Ada"}, {"name": "Grace"})
    assert "resume_replay" in {message["actor_name"] for message in messages(deps, "bundle")}
    await run_errand(worker, "resume_replay", order)
    while await write(worker, deps, order):
        pass
    assert ["<name>Grace</name>" in request.input for request in provider.asked] == [True] * 4
    told = [entry.text for entry in await timeline(deps, await present(deps, order), [])]
    assert "corrected name" in told


async def test_a_form_that_is_sent_again_later_changes_nothing(deps: Deps) -> None:
    """An old form is not taken once the answers are others; its page shows those that are there."""
    await place(deps)
    async with customer_of(deps, await present(deps)) as customer:
        review = await customer.post("/answers", typed(await customer.get("/answers"), **GRACE))
        old = sure(review)
        await customer.post("/answers", old)
        await run_errand(writing(deps, Provider()), "resume_replay", ORDER)
        assert "from your new answers" in await correct(customer, name="Joan", question="Whither?")
        again = await customer.post("/answers", old)
    assert (again.status_code, 'value="Joan"' in again.text) == (409, True)
    order = await present(deps)
    assert (order["answers"]["name"], len(order["corrections"])) == ("Joan", 2)


async def test_a_correction_before_the_purchase_takes_the_section_back(deps: Deps) -> None:
    """A section that waits for room is not bought from the old answers, but soon afterwards from the new ones."""
    order, (section, *_) = await with_sections(deps)
    provider = Provider([answer() for _ in range(4)])
    worker = writing(deps, provider)
    async with customer_of(deps, await present(deps, order)) as customer:
        writer = asyncio.create_task(
            perform(worker, order, section["_id"], lambda claim: write_section(worker, claim))
        )
        await provider.waiting.wait()
        assert "from your new answers" in await correct(customer, **GRACE)
        provider.room.set()
        await writer
    assert (provider.asked, await deps.db.ledger.count_documents({})) == ([], 0)
    assert ((await state(deps, section))["state"], "written_from" in await present(deps, order)) == (
        "ready",
        False,
    )
    await run_errand(worker, "resume_replay", order)
    await write(worker, deps, order)
    assert {"<name>Grace</name>" in request.input for request in provider.asked} == {True}


async def test_a_correction_after_the_purchase_is_too_late(deps: Deps) -> None:
    """While the first call is in the air she is told so, whether her form is sent or opened. Nothing changes."""
    order, (section, *_) = await with_sections(deps)
    reply = asyncio.Event()
    provider = Provider([reply])
    worker = writing(deps, provider)
    async with customer_of(deps, await present(deps, order)) as customer:
        review = await customer.post("/answers", typed(await customer.get("/answers"), **GRACE))
        writer = asyncio.create_task(
            perform(worker, order, section["_id"], lambda claim: write_section(worker, claim))
        )
        provider.room.set()
        await provider.calling.wait()
        late = await customer.post("/answers", sure(review))
        assert (late.status_code, "too late to change" in late.text) == (409, True)
        looked = await customer.get("/answers")
        assert (looked.status_code, "<form" in looked.text) == (200, False)
        assert "/answers" not in (await customer.get()).text
        writer.cancel()
        await asyncio.wait([writer])
    found = await present(deps, order)
    assert (found["answers"]["name"], "corrections" in found) == ("Ada", False)


async def test_what_is_wrong_is_said_and_strangers_have_no_form(deps: Deps) -> None:
    """A needed answer that is empty is marked; a link that is not ours is 404."""
    await place(deps)
    async with customer_of(deps, await present(deps)) as customer:
        wrong = await customer.post("/answers", typed(await customer.get("/answers"), name=" ", question="?"))
        assert (wrong.status_code, 'aria-invalid="true"' in wrong.text) == (422, True)
        assert (await customer.post("x/answers", GRACE)).status_code == 404
    assert (await present(deps))["answers"]["name"] == "Ada"


async def test_a_correction_that_is_too_late_becomes_no_request_by_itself(deps: Deps, clock: StoppedClock) -> None:
    """Where a remake may be asked for, a form of before is reviewed again, with a button that says so."""
    await place(deps)
    async with customer_of(generous(deps), await present(deps)) as customer:
        review = await customer.post("/answers", typed(await customer.get("/answers"), **GRACE))
        await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"written_from": clock.now()}})
        late = await customer.post("/answers", sure(review))
        assert (late.status_code, "too late to change" in late.text) == (409, True)
        assert "request" not in await present(deps)
        assert "You have asked us" in (await customer.post("/answers", sure(late))).text


def generous(deps: Deps) -> Deps:
    """Return dependencies of a tenant that grants a free remake."""
    return replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, free_remake=True)}))


async def test_a_free_remake_is_asked_for_once_and_granted_in_one_act(deps: Deps, clock: StoppedClock) -> None:
    """It is an operator's to grant, quoted, though the order is delivered. Then all is made again."""
    order, _ = await with_sections(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"written_from": clock.now()}})
    await deps.db.orders.update_one({"_id": order}, {"$set": {"letter": "completion", "stored_at": clock.now()}})
    await mark_delivered(deps.db, order, clock.now())
    async with customer_of(generous(deps), await present(deps, order)) as customer:
        assert "have it written again" in (await customer.get()).text
        said = [await correct(customer, **GRACE), (await customer.get("/answers")).text]
        assert ["You have asked us" in text for text in said] == [True, True]
        assert "You have asked us" in (await customer.post("/answers", GRACE)).text
    (waiting,) = await for_a_person(deps, 10)
    assert (waiting["order_id"], await alerts(deps, "request")) == (order, 1)
    assert (await present(deps, order))["answers"]["name"] == "Ada"
    quote = await quote_remake(deps, order)
    assert (quote.answers, quote.calls, quote.mails) == (["name"], 4, 1)
    await grant_remake(deps, order, BY)
    found = await present(deps, order)
    assert (found["answers"]["name"], "request" in found, "remaking" in found) == ("Grace", False, True)
    assert (await for_a_person(deps, 10), await alerts(deps, "request")) == ([], 0)
    async with customer_of(generous(deps), found) as customer:
        assert "too late" in (await customer.get("/answers")).text
    with pytest.raises(CorrectionIsImpossible, match="asks for no remake"):
        await grant_remake(deps, order, BY)


async def test_a_remake_is_not_asked_for_over_a_withdrawal(deps: Deps, clock: StoppedClock) -> None:
    """Of two pages of one order that are open at once, the one with the withdrawal counts."""
    order, _ = await with_sections(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"letter": "completion", "stored_at": clock.now()}})
    await mark_delivered(deps.db, order, clock.now())
    seen = await present(deps, order)
    assert await withdraw(deps, seen)
    assert not await ask_remake(deps, seen, dict(GRACE))
    found = await present(deps, order)
    assert (found["request"]["kind"], "remake_asked_at" in found) == ("withdrawal", False)


async def test_a_remake_that_is_set_aside_is_asked_for_no_more(deps: Deps, clock: StoppedClock) -> None:
    """It is off the list, nothing was made again, and her one request was that."""
    order, _ = await with_sections(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"written_from": clock.now()}})
    async with customer_of(generous(deps), await present(deps, order)) as customer:
        await correct(customer, **GRACE)
        await set_aside(deps, order, BY, "remake")
        assert (await for_a_person(deps, 10), await alerts(deps, "request")) == ([], 0)
        assert "heed_pause" not in (await present(deps, order))["errands"]
        assert "too late" in (await customer.get("/answers")).text
    assert (await present(deps, order))["answers"]["name"] == "Ada"


async def test_what_was_corrected_and_asked_for_is_forgotten_with_the_customer(
    deps: Deps, clock: StoppedClock
) -> None:
    """No answer is left of either, of any time."""
    await place(deps)
    async with customer_of(generous(deps), await present(deps)) as customer:
        await correct(customer, **GRACE)
        await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"written_from": clock.now()}})
        await correct(customer, name="Joan", question="Whither?")
    await run_errand(writing(deps, Provider()), "resume_replay", ORDER)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"stopped": True}})
    await begin_forgetting(deps, ORDER, BY)
    await run_errand(writing(deps, Provider()), "forget_order", ORDER)
    order = await present(deps)
    assert ("forgotten_at" in order, "corrections" in order, "request" in order) == (True, False, False)
    assert not any(name in str(order) for name in ("Grace", "Joan"))


async def test_a_place_that_is_new_is_a_choice_and_one_that_stood_before_stays(deps: Deps) -> None:
    """What was left as it was shown keeps its position; of several places of a name none is taken unasked."""
    kept = "Stockholm, Sweden (59.33, 18.07, Europe/Stockholm)"
    said = {"product": "personal_horoscope", "name": "Ada", "birth_date": "1988-09-25", "birth_place": kept}
    said["birth_time"] = "02:30+01:00"
    order = await place(deps, metadata=said, amount_subtotal=9900)
    async with customer_of(deps, order) as customer:
        form = await customer.get("/answers")
        assert 'value="Stockholm, Sweden"' in form.text
        same = {name: text for name, text in said.items() if name != "product"} | {
            "birth_place": "Stockholm, Sweden"
        }
        assert "nothing has changed" in (await customer.post("/answers", typed(form, **same))).text
        review = await customer.post("/answers", typed(form, **{**same, "birth_place": "London"}))
        open_still = await customer.post("/answers", sure(review))
        assert (open_still.status_code, "Which is it?" in open_still.text) == (422, True)
        await customer.post("/answers", {**sure(review), "which_birth_place": "London, Ontario, Canada"})
    found = await present(deps, ORDER)
    assert found["answers"]["birth_place"] == "London, Ontario, Canada (42.98, -81.23, America/Toronto)"
    assert found["answers"]["birth_time"] == "02:30"  # by other clocks
