"""Answers that were paid for: three are three, and none that was received is bought again."""

from typing import Any

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.reports.advance import finish_report
from actors.reports.slots import queue_released
from actors.reports.write_section import write_section
from infra.llm.answer import MAX_OUTPUT_TOKENS, Answer, AnswerFailed, ProviderIsBusy, Usage
from storage.budget import spending_of
from storage.claims import expire_step
from storage.costs import costs_of
from storage.forgetting import forget_words
from storage.ledger import drop_texts
from storage.records.work import Step
from tests.actors.builders import present, report_of, result_of, state, steps, with_sections
from tests.actors.reports.writing import Provider, answer, entries, open_provider, write, writing
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

BUSY = ProviderIsBusy("The LLM provider answered 503.", retry_after=30.0)
FAILED = AnswerFailed("The LLM provider began an answer and failed: x.", "gpt-5-mini", Usage(100, 0, 50), 0.01)
LOST = Answer("unreadable", "", "gpt-5-mini", Usage(100, 0, 50, estimated=True), 0.01)


def begun(deps: Deps, *replies: Any) -> tuple[WorkDeps, Provider]:
    """Return a worker's deps with a provider that replies so."""
    provider = open_provider(*replies)
    return writing(deps, provider, patient=False), provider


async def until_settled(worker: WorkDeps, clock: StoppedClock, order: str, step: Step) -> Step:
    """Write a section, again and again as it is due, until it is done or dead."""
    await write(worker, order, step)
    while (found := await state(worker, step))["state"] == "ready":
        assert "due_at" in found
        clock.forward(max(0.0, (found["due_at"] - clock.now()).total_seconds()))
        await queue_released(worker, step)
        await write(worker, order, step)
    return found


async def test_three_answers_are_three_across_claims(deps: Deps, clock: StoppedClock) -> None:
    """Refusals that alternate with hiccups end after three answers, in however many claims."""
    worker, provider = begun(
        deps, answer("refused"), BUSY, answer("empty"), BUSY, BUSY, answer("refused"), answer()
    )
    order, (section, *_) = await with_sections(deps)
    dead = await until_settled(worker, clock, order, section)
    assert (dead["state"], dead.get("error")) == ("dead", "The LLM's answer was refused, 3 times over.")
    assert len(provider.replies) == 1


async def test_three_answers_are_three_across_quick_tries(deps: Deps, clock: StoppedClock) -> None:
    """Within one claim, too, a hiccup does not begin the count anew."""
    quick = ProviderIsBusy("The LLM provider answered 500.")
    worker, provider = begun(deps, answer("empty"), quick, answer("empty"), quick, answer("empty"), answer())
    order, (section, *_) = await with_sections(deps)
    assert (await until_settled(worker, clock, order, section))["state"] == "dead"
    assert len(provider.replies) == 1


async def test_room_for_a_longer_answer_is_not_forgotten(deps: Deps, clock: StoppedClock) -> None:
    """A section that was truncated twice is given four times the room, in the next claim as well."""
    worker, provider = begun(deps, answer("truncated"), BUSY, answer("truncated"), BUSY, answer())
    order, (section, *_) = await with_sections(deps)
    assert (await until_settled(worker, clock, order, section))["state"] == "done"
    assert [one.max_output_tokens / MAX_OUTPUT_TOKENS for one in provider.asked] == [1, 2, 2, 4, 4]


async def test_answers_that_cannot_be_read_are_three_at_most(deps: Deps, clock: StoppedClock) -> None:
    """Each is in the ledger with its estimated cost. After a pause the next is bought, up to three."""
    worker, provider = begun(deps, LOST, LOST, LOST, answer())
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    waiting = await state(deps, section)
    assert (waiting["state"], waiting["fails"]) == ("ready", 0)
    clock.forward(10)
    await queue_released(worker, section)
    dead = await until_settled(worker, clock, order, section)
    assert (dead["state"], dead.get("error")) == ("dead", "The LLM's answer was unreadable, 3 times over.")
    assert await entries(deps, section) == [("settled", "unreadable")] * 3
    assert len(provider.replies) == 1


async def test_a_budget_sees_what_could_not_be_read(deps: Deps, clock: StoppedClock) -> None:
    """The estimated cost of an unreadable answer counts against the order's budget."""
    worker, _ = begun(deps, LOST)
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    assert (await spending_of(deps.db, order, 1.0, clock.now())).spent_usd == 0.01


async def test_answers_that_failed_are_charged_and_end_no_section(deps: Deps, clock: StoppedClock) -> None:
    """What the provider says it charged for is in ledger and budget; its own failures count as an outage does.

    So four of them do not end a section that may have three unusable answers, and none is bought again at once.
    """
    worker, provider = begun(deps, *[FAILED] * 4, answer("empty"), answer())
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    waiting = await state(deps, section)
    assert (waiting["state"], waiting["fails"], len(provider.replies)) == ("ready", 1, 5)
    assert (waiting["due_at"] - clock.now()).total_seconds() >= 10
    clock.forward(10)
    await queue_released(worker, section)
    assert (await until_settled(worker, clock, order, section))["state"] == "done"
    assert sorted(await entries(deps, section)) == [
        ("settled", "empty"),
        *[("settled", "failed")] * 4,
        ("settled", "written"),
    ]
    costs = await costs_of(deps.db, order)
    assert (costs.attempts, costs.settled, costs.cost_usd, costs.input_tokens) == (6, 6, 0.06, 600)
    assert (await spending_of(deps.db, order, 1.0, clock.now())).spent_usd == 0.06


async def received(deps: Deps, worker: WorkDeps, order: str, section: Step) -> Step:
    """Let a worker receive and settle an answer, and die before the checkpoint. Returns the step, queued again."""
    from actors.reports.claim import Claim
    from storage.claims import claim_step

    claimed = await claim_step(deps.db, section["_id"], "w0", [section["format"]], deps.clock.now())
    assert claimed is not None
    await write_section(worker, Claim(deps.db, claimed, await present(deps, order)))
    held = await state(deps, section)
    assert await expire_step(deps.db, held, "another", deps.clock.now())
    return held


async def test_an_answer_that_was_received_is_not_bought_again(deps: Deps) -> None:
    """A worker that dies between ledger and checkpoint leaves the text, which the next one takes."""
    worker, provider = begun(deps, answer(), answer())
    order, (section, *_) = await with_sections(deps)
    await received(deps, worker, order, section)
    await write(worker, order, section)
    assert (await result_of(deps, section)) == {"text": "Some words.", "summary": "Some words.", "cost_usd": 0.01}
    assert await entries(deps, section) == [("settled", "written")]
    assert len(provider.replies) == 1


async def test_a_replay_buys_a_new_answer(deps: Deps) -> None:
    """An operator who has a section made again does not get the old text: it belongs to another run."""
    worker, provider = begun(deps, answer(), answer())
    order, (section, *_) = await with_sections(deps)
    await received(deps, worker, order, section)
    await deps.db.steps.update_one({"_id": section["_id"]}, {"$set": {"run": section["run"] + 1}})
    await write(worker, order, section)
    assert provider.replies == []


async def test_the_ledger_keeps_no_text_of_a_report_that_is_stored(deps: Deps) -> None:
    """Texts are in the ledger until the report is stored. Sums and outcomes stay."""
    worker, _ = begun(deps, answer())
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    assert await deps.db.ledger.count_documents({"text": "Some words."}) == 1
    report = await report_of(deps, order)
    await drop_texts(deps.db, report["_id"], report["run"])
    assert await deps.db.ledger.count_documents({"text": {"$exists": True}}) == 0
    assert await deps.db.ledger.count_documents({"outcome": "written", "usage.output": 50}) == 1


async def test_who_ends_an_older_run_late_leaves_the_answers_of_the_next(deps: Deps) -> None:
    """A worker that was frozen before the end of its report takes no text from a section that is written again."""
    worker, provider = begun(deps, answer(), answer())
    order, (section, *_) = await with_sections(deps)
    await deps.db.steps.update_one({"_id": section["_id"]}, {"$set": {"run": 2}})
    await received(deps, worker, order, section)
    (binding,) = await steps(deps, order, "assemble")
    await deps.objects.put("o", b"%PDF")
    await finish_report(deps, {**binding, "result": {"object": "o", "key": "k"}})
    await write(worker, order, section)
    assert len(provider.replies) == 1


async def test_a_forgotten_customers_words_leave_the_ledger(deps: Deps) -> None:
    """Forgetting removes the texts of a report that was never stored, too."""
    worker, _ = begun(deps, answer())
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    await forget_words(deps.db, await present(deps, order))
    assert await deps.db.ledger.count_documents({"text": {"$exists": True}}) == 0


async def test_the_ledger_tells_what_the_provider_stored(deps: Deps) -> None:
    """Tokens that the provider stored for later are told beside the others, since they cost more."""
    stored = Answer("written", "Some words.", "gpt-5.6-luna", Usage(100, 20, 50, cache_write=70), 0.01)
    worker, _ = begun(deps, stored)
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    found = await deps.db.ledger.find_one({"step": section["_id"]})
    assert found is not None
    assert found["usage"] == {"input": 100, "cached": 20, "cache_write": 70, "output": 50, "estimated": False}
    assert found["cache_write_usd"] == pytest.approx(70 * 0.25 / 1_000_000)
