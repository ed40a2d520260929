"""Reports whose PDFs S3 has no more: found by the sweep, and begun again once, whoever asks and how often."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.reports.advance import finish_report, give_up
from actors.reports.replay import ReplayIsImpossible, replay
from actors.sweep.orders import seek_lost_books
from actors.sweep.sweep import sweep_for_ever
from storage.audit import Authority
from storage.dead_letters import dead_letters
from storage.endings import begin_replay, choose_completion, end_replay
from storage.objects import book_key, chunk_key, pdf_key
from storage.records.work import StepResult
from storage.steps import steps_of
from tests.actors.builders import BOOK, begun, finish, messages, present, report_of, steps, sweep, working
from tests.actors.vendors import Silence
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


async def stored(deps: Deps, *, lost: bool) -> str:
    """Return the id of an order whose customer was told of its report.

    S3 has all of its objects, but not its PDF if `lost`.
    """
    order = await begun(deps)
    for step in await steps(deps, order, "write"):
        await finish(deps, step, result={"text": "Text.", "summary": "Text."}, advanced=True)
    for step in await steps(deps, order, "render"):
        chunk = chunk_key(order, BOOK, step["key"])
        await deps.objects.put(chunk, b"%PDF")
        await finish(deps, step, result={"object": chunk, "pages": 1}, advanced=True)
    (binding,) = await steps(deps, order, "assemble")
    pdf: StepResult = {"key": pdf_key(order, BOOK), "object": book_key(order, BOOK, order), "sha256": order}
    await finish(deps, binding, result=pdf, advanced=True)
    await deps.objects.put(pdf["object"], b"%PDF")
    await finish_report(deps, {**binding, "result": pdf})
    if lost:
        await deps.db.reports.update_one({"order": order}, {"$set": {"pdf.object": f"{order}/nowhere.pdf"}})
    assert await choose_completion(deps.db, order)
    return order


def asked_for(deps: Deps) -> list[Any]:
    """Return the orders about which a mail worker was told that books are lost."""
    return [one["kwargs"]["order"] for one in messages(deps, "bundle") if one["actor_name"] == "reprint_reports"]


async def test_an_older_book_that_is_published_late_does_not_stay(deps: Deps, tmp_path: Path) -> None:
    """A worker that was frozen before it published wakes when a replay's book has been there for long."""
    order = await stored(deps, lost=False)
    (older,) = await steps(deps, order, "assemble")
    newer: StepResult = {"key": pdf_key(order, BOOK), "object": book_key(order, BOOK, "newer"), "sha256": "newer"}
    await deps.objects.put(newer["object"], b"%PDF newer")
    await deps.db.reports.update_one({"order": order}, {"$set": {"run": 2, "state": "running"}})
    await finish(deps, older, result=newer, run=2)
    (again,) = await steps(deps, order, "assemble")
    await finish_report(deps, again)
    await finish_report(deps, older)
    await deps.objects.fetch_file(pdf_key(order, BOOK), tmp_path / "book.pdf")
    assert (tmp_path / "book.pdf").read_bytes() == b"%PDF newer"
    report = await report_of(deps, order)
    assert (report["state"], report["pdf"]) == ("stored", newer)


async def test_the_sweep_asks_for_a_lost_book_once(deps: Deps, clock: StoppedClock) -> None:
    """Of two stored reports the lost one is asked for, and again only if no worker has heard of it."""
    lost, _ = await stored(deps, lost=True), await stored(deps, lost=False)
    await seek_lost_books(deps)
    await seek_lost_books(deps)
    assert asked_for(deps) == [lost]
    deps.broker.client.flushdb()
    clock.forward(15)
    await sweep(deps)
    assert asked_for(deps) == [lost]


async def test_the_sweep_looks_for_lost_books_by_itself(deps: Deps) -> None:
    """A sweep that is left alone asks for a lost book, also while Stripe is away."""
    lost, stopping = await stored(deps, lost=True), asyncio.Event()
    sweeping = asyncio.create_task(sweep_for_ever(deps, Silence(), 2.0, stopping))
    async with asyncio.timeout(30):
        while lost not in asked_for(deps):  # noqa: ASYNC110  # the sweep ends it
            await asyncio.sleep(0.02)
    stopping.set()
    await sweeping


async def test_a_lost_bucket_does_not_stand_before_fresh_orders(deps: Deps) -> None:
    """Of many lost books ten are asked for in one round."""
    for _ in range(11):
        await stored(deps, lost=True)
    await seek_lost_books(deps)
    assert len(asked_for(deps)) == 10


async def test_many_who_notice_at_once_begin_one_run(deps: Deps) -> None:
    """Only the binding is made again where every chapter is there, in one new run; the letter stays as chosen."""
    order = await stored(deps, lost=True)
    await seek_lost_books(deps)
    await asyncio.gather(*(run_errand(working(deps), "reprint_reports", order) for _ in range(8)))
    found, report = await present(deps, order), await report_of(deps, order)
    assert (report["run"], report["state"], found["run"], found["letter"]) == (
        2,
        "running",
        {BOOK: 2},
        "completion",
    )
    made_again = {
        step["key"]: step["state"] for step in await steps_of(deps.db, report["_id"]) if step["run"] == 2
    }
    assert made_again == {"assemble": "queued"}


async def test_a_book_that_could_not_be_printed_again_is_an_operators_to_replay(deps: Deps) -> None:
    """A dead binding of a report that was mailed long ago is replayed; a section of it is not written again."""
    order = await stored(deps, lost=True)
    await seek_lost_books(deps)
    await run_errand(working(deps), "reprint_reports", order)
    (binding,), (section, *_) = await steps(deps, order, "assemble"), await steps(deps, order, "write")
    await give_up(deps, binding, binding["epoch"], "The printer is broken.")
    (letter,) = await dead_letters(deps.db, limit=10, state="open")
    await resolve_dead_letter(deps, letter["_id"], "replayed", Authority("a", "x"))
    (again,) = await steps(deps, order, "assemble")
    assert (again["state"], again["run"]) == ("queued", 3)
    with pytest.raises(ReplayIsImpossible):
        await replay(deps, order, BOOK, [section["_id"]])


async def test_a_lost_book_waits_for_another_replay_of_its_order(deps: Deps, clock: StoppedClock) -> None:
    """One report of an order is replayed at a time: what was asked for meanwhile stays asked for."""
    order = await stored(deps, lost=True)
    await seek_lost_books(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"run.other": 1}})
    assert await begin_replay(
        deps.db, order, {"product": "other", "run": 2, "steps": []}, clock.now(), letters=("completion",)
    )
    await run_errand(working(deps), "reprint_reports", order)
    assert "reprint_reports" in (await present(deps, order))["errands"]
    await end_replay(deps.db, order, "other", 2)
    await run_errand(working(deps), "reprint_reports", order)
    assert (await present(deps, order))["run"][BOOK] == 2


async def test_a_book_whose_refund_failed_is_printed_again(deps: Deps) -> None:
    """Its customer has paid, and may be sent the reports by an operator: they must be there."""
    order = await stored(deps, lost=True)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"letter": "refund", "refund_failed": True}})
    await seek_lost_books(deps)
    await run_errand(working(deps), "reprint_reports", order)
    found = await present(deps, order)
    assert (found["run"][BOOK], "reprint_reports" in found["errands"]) == (2, False)


async def test_nothing_is_printed_for_an_order_that_was_refunded(deps: Deps) -> None:
    """What was asked for before the refund ends without a new run."""
    order = await stored(deps, lost=True)
    await seek_lost_books(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"stopped": True}})
    await run_errand(working(deps), "reprint_reports", order)
    found = await present(deps, order)
    assert (found["run"][BOOK], "reprint_reports" in found["errands"]) == (1, False)
