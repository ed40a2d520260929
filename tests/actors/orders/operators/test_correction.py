"""Corrections of answers, with the engine in every state that it may be in meanwhile."""

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.letters import complete_order
from actors.orders.errands.registry import run_errand
from actors.orders.operators.correction import correct_order
from actors.orders.operators.refund import RefundIsImpossible, begin_refund
from actors.reports.begin_report import begin_report
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from actors.reports.replay import finish_replay
from storage.audit import Authority
from storage.endings import add_stored, choose_completion, mark_delivered
from storage.orders import fail_order
from storage.records.work import Pdf, StepResult
from storage.reports import report_id, store_report
from storage.steps import steps_of
from tests.actors.builders import (
    BOOK,
    ORDER,
    messages,
    place,
    placed,
    present,
    report_of,
    sweep,
    with_sections,
    working,
)
from tests.actors.post import Mailer
from tests.conftest import StoppedClock
from tests.faults.dying import frozen_before

pytestmark = pytest.mark.anyio

BY = Authority("olaf", "she wrote to us")
ANSWERS = {"name": "Ada", "question": "Whither?", "birth_date": "1990-12-31", "birth_place": "London"}
BUNDLE = ("life_clarity", "personal_blueprint", "personal_horoscope")


async def test_every_report_that_is_begun_is_made_again_though_a_worker_dies(
    deps: Deps, clock: StoppedClock
) -> None:
    """Of a bundle, one stored, one begun, one not: the first two start again, and nothing counts as stored."""
    await place(deps, metadata={"product": "bundle", **ANSWERS}, amount_subtotal=12900)
    for product in BUNDLE[:2]:
        await begin_report(deps, report_id(ORDER, product))
    await add_stored(deps.db, ORDER, BUNDLE[0], 1, clock.now())
    quote = await correct_order(deps, ORDER, {"birth_place": "Paris"}, BY)
    assert quote.reports == {"life_clarity": 4, "personal_blueprint": 52}
    assert not await choose_completion(deps.db, ORDER)
    deps.broker.client.flushdb()  # with the message that asks for the rest
    clock.forward(15)
    await sweep(deps)
    assert "resume_replay" in {message["actor_name"] for message in messages(deps, "bundle")}
    await run_errand(working(deps), "resume_replay", ORDER)
    order = await present(deps)
    assert (order["run"], order["stored"]) == ({BUNDLE[0]: 2, BUNDLE[1]: 2, BUNDLE[2]: 1}, [])
    assert "remaking" not in order
    assert "resume_replay" not in order["errands"]
    for product in BUNDLE[:2]:
        assert {step["run"] for step in await steps_of(deps.db, report_id(ORDER, product))} == {2}
    assert (await report_of(deps, ORDER, BUNDLE[2]))["run"] == 1
    assert not await add_stored(deps.db, ORDER, BUNDLE[0], 1, clock.now())


async def test_a_worker_that_wakes_after_a_correction_leaves_alone_what_began_since(deps: Deps) -> None:
    """A report that begins after the correction was carried out keeps its run, which is the order's."""
    await place(deps)
    await correct_order(deps, ORDER, {"name": "Grace"}, BY)
    frozen = await present(deps)
    await run_errand(working(deps), "resume_replay", ORDER)
    (product,) = frozen["products"]
    await begin_report(deps, report_id(ORDER, product))
    await finish_replay(deps, frozen)
    report, order = await report_of(deps, ORDER, product), await present(deps)
    steps = await steps_of(deps.db, report["_id"])
    assert (report["run"], order["run"], {step["run"] for step in steps}) == (1, {product: 1}, {1})
    assert report["replay"] is None


async def test_a_worker_that_wakes_after_a_correction_does_not_end_the_next(
    deps: Deps, clock: StoppedClock
) -> None:
    """Two corrections ask for the same runs if no report was begun before the second: each is carried out."""
    await place(deps)

    async def carry_out(worker: WorkDeps, order: str) -> None:
        await run_errand(worker, "resume_replay", order)

    await correct_order(deps, ORDER, {"name": "Grace"}, BY)
    async with frozen_before(0, carry_out, working(deps), ORDER):
        await carry_out(working(deps), ORDER)
        await begin_report(deps, report_id(ORDER, BOOK))
        clock.forward(20)
        await correct_order(deps, ORDER, {"name": "Edith"}, BY)
    await carry_out(working(deps), ORDER)
    assert {step["run"] for step in await steps_of(deps.db, report_id(ORDER, BOOK))} == {2}


async def test_what_was_made_before_its_report_was_begun_is_made_again(deps: Deps) -> None:
    """A worker stands still between the steps and the start of their report, of which others make the first."""
    await place(deps)

    async def begin(worker: WorkDeps, order: str) -> None:
        await begin_report(worker, report_id(order, BOOK))

    async def write(claim: Claim) -> StepResult:
        return {"text": claim.order["answers"]["name"]}

    async with frozen_before(2, begin, working(deps), ORDER):
        await perform(working(deps), ORDER, f"{ORDER}:{BOOK}:write-where_you_stand", write)
        await correct_order(deps, ORDER, {"name": "Grace"}, BY)
        await run_errand(working(deps), "resume_replay", ORDER)
        assert "resume_replay" in (await present(deps))["errands"]
    await run_errand(working(deps), "resume_replay", ORDER)
    assert "resume_replay" not in (await present(deps))["errands"]
    assert {step["run"] for step in await steps_of(deps.db, report_id(ORDER, BOOK))} == {2}


async def test_the_day_of_forgetting_counts_from_the_second_delivery(deps: Deps, clock: StoppedClock) -> None:
    """Whoever has a delivered order corrected is not forgotten while it is made again."""
    await place(deps)
    await deps.db.orders.update_one({"_id": ORDER}, {"$set": {"stored_at": clock.now(), "letter": "completion"}})
    await mark_delivered(deps.db, ORDER, clock.now(), clock.now())
    await correct_order(deps, ORDER, {"name": "Grace"}, BY)
    assert "forget_order" not in (await present(deps))["errands"]


async def test_a_worker_that_wakes_after_a_remake_does_not_end_its_letter(deps: Deps) -> None:
    """Who saw the first letter through, and says so once the second is chosen, leaves that one to be sent."""
    mailer, order = Mailer(), await placed(deps)
    worker = working(deps, mailer)
    await _store(deps, order)
    frozen = await present(deps, order)
    await run_errand(worker, "complete_order", order)
    await correct_order(deps, order, {"name": "Grace"}, BY)
    await run_errand(worker, "resume_replay", order)
    await _store(deps, order)
    assert await choose_completion(deps.db, order)
    await complete_order(worker, frozen)
    assert ((await present(deps, order))["delivered_at"], mailer.kinds) == (None, ["completion"])
    await run_errand(worker, "complete_order", order)
    assert ((await present(deps, order))["delivered_at"], mailer.kinds[1:]) == (deps.clock.now(), ["correction"])


async def _store(deps: Deps, order: str) -> None:
    pdf: Pdf = {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000}
    await store_report(deps.db, report_id(order, BOOK), 1, pdf, deps.clock.now())
    await add_stored(deps.db, order, BOOK, 1, deps.clock.now())


async def test_no_worker_writes_from_an_answer_that_it_remembers(deps: Deps) -> None:
    """A step that is claimed within the second for which orders are remembered has the corrected answer."""
    worker, (order, sections) = working(deps), await with_sections(deps)
    names = []

    async def work(claim: Claim) -> StepResult:
        names.append(claim.order["answers"]["name"])
        return {"text": "Some words."}

    await perform(worker, order, sections[0]["_id"], work)
    await correct_order(deps, order, {"name": "Grace"}, BY)
    await run_errand(worker, "resume_replay", order)
    await perform(worker, order, sections[1]["_id"], work)
    assert names == ["Ada", "Grace"]


async def test_who_has_a_report_already_hears_of_no_failure_and_gets_no_refund(
    deps: Deps, clock: StoppedClock
) -> None:
    """While a delivered report is made again, its customer has the old one."""
    order, _ = await with_sections(deps)
    mailer = Mailer()
    worker = working(deps, mailer)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"letter": "completion", "stored_at": clock.now()}})
    await mark_delivered(deps.db, order, clock.now())
    quote = await correct_order(deps, order, {"name": "Grace"}, BY)
    assert (quote.mails, (await present(deps, order))["delivered_at"]) == (1, None)
    await fail_order(deps.db, order, "It failed.", clock.now())
    clock.forward(3600)
    await run_errand(worker, "tell_failure", order)
    assert mailer.kinds == []
    with pytest.raises(RefundIsImpossible, match="was delivered before its correction"):
        await begin_refund(deps, order, BY)
