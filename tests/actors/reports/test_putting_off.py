"""Work that a pause holds back: it lies still until the pause's end, whoever dies, and nothing of it is lost."""

from datetime import timedelta
from functools import partial

import pytest

from actors.deps.process import Deps
from actors.orders.operators.work_pauses import pause_work, resume_work
from actors.reports.begin_report import begin_report
from actors.reports.perform_step import perform
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.audit import Authority
from storage.records.work import Step
from storage.reports import report_id
from storage.work_pauses import end_work_pause, find_work_pauses, put_off_step
from tests.actors.builders import (
    BOOK,
    answering,
    messages,
    placed,
    report_of,
    state,
    steps,
    sweep,
    with_sections,
    working,
)
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

OLGA = Authority("olga", "a wrong prompt")
HOUR = timedelta(hours=1)


async def paused(
    deps: Deps, clock: StoppedClock, subject: str = f"product:{BOOK}", span: timedelta = HOUR
) -> None:
    """Pause a subject, and wait until workers know."""
    await pause_work(deps, subject, clock.now() + span, OLGA)
    clock.forward(2)


async def written(deps: Deps, step: Step) -> bool:
    """Have a worker that has just started take a section's message. Returns whether it is done."""
    await perform(working(deps), step["order"], step["_id"], answering({"text": "Some words."}))
    return (await state(deps, step))["state"] == "done"


def named(deps: Deps, step: Step) -> int:
    """Return the number of messages that wait for a step."""
    return sum(message["kwargs"].get("step") == step["_id"] for message in messages(deps))


async def test_a_paused_products_section_waits_for_the_end(deps: Deps, clock: StoppedClock) -> None:
    """It is left alone until then; then the sweep sends it, and it is written."""
    _, (section, *_) = await with_sections(deps)
    await paused(deps, clock)
    assert not await written(deps, section)
    deps.broker.client.flushdb()
    clock.forward(3580)
    await sweep(deps)
    assert (await written(deps, section), named(deps, section)) == (False, 0)
    clock.forward(21)
    await sweep(deps)
    assert (named(deps, section), await written(deps, section)) == (1, True)
    clock.forward(10)
    await sweep(deps)
    assert await find_work_pauses(deps.db) == []


@pytest.mark.parametrize(
    ("subject", "goes_on"), [("provider", False), ("tenant:main", False), ("product:personal_horoscope", True)]
)
async def test_a_pause_holds_back_what_it_is_about(
    deps: Deps, clock: StoppedClock, subject: str, goes_on: bool
) -> None:
    """Another product's orders do not notice it."""
    _, (section, *_) = await with_sections(deps)
    await paused(deps, clock, subject)
    assert await written(deps, section) == goes_on


async def test_a_paused_product_is_begun_later(deps: Deps, clock: StoppedClock) -> None:
    """No plan is chosen during the pause, so that an order has the one that was deployed meanwhile."""
    order = await placed(deps)
    await paused(deps, clock)
    await begin_report(deps, report_id(order, BOOK))
    assert (await report_of(deps, order))["plan"] is None
    clock.forward(3601)
    await begin_report(deps, report_id(order, BOOK))
    assert len(await steps(deps, order, "write")) == 4


async def test_a_paused_provider_still_begins_and_prints(deps: Deps, clock: StoppedClock) -> None:
    """Only sections wait for the provider: reports are begun, and what is written is set and bound."""
    order = await placed(deps)
    await paused(deps, clock, "provider")
    await begin_report(deps, report_id(order, BOOK))
    (book,) = await steps(deps, order, "assemble")
    await deps.db.steps.update_one({"_id": book["_id"]}, {"$set": {"state": "queued"}})
    assert await written(deps, book)


async def test_what_is_resumed_goes_on_at_once(deps: Deps, clock: StoppedClock) -> None:
    """The next round of the sweep sends all that lay still, and the pause is forgotten once nothing does."""
    order, sections = await with_sections(deps)
    unbegun = await placed(deps)
    await paused(deps, clock, span=timedelta(days=7))
    assert [await written(deps, section) for section in sections] == [False] * 4
    await begin_report(deps, report_id(unbegun, BOOK))
    deps.broker.client.flushdb()
    clock.forward(60)
    await resume_work(deps, f"product:{BOOK}", OLGA)
    await sweep(deps)
    assert [named(deps, section) for section in sections] == [1] * 4
    assert any(message["kwargs"] == {"report": report_id(unbegun, BOOK)} for message in messages(deps))
    assert all([await written(deps, section) for section in await steps(deps, order, "write")])
    clock.forward(10)
    await sweep(deps)
    assert await find_work_pauses(deps.db) == []


async def test_what_another_pause_holds_is_not_woken_for_ever(deps: Deps, clock: StoppedClock) -> None:
    """The sweep wakes it once at the end of the first pause; the second has it lie still until its own end."""
    _, (section, *_) = await with_sections(deps)
    await paused(deps, clock)
    await paused(deps, clock, "provider", timedelta(days=2))
    assert not await written(deps, section)
    deps.broker.client.flushdb()
    clock.forward(60)
    await resume_work(deps, f"product:{BOOK}", OLGA)
    await sweep(deps)
    assert (named(deps, section), await written(deps, section)) == (1, False)
    deps.broker.client.flushdb()
    clock.forward(11)  # longer than the clocks of machines differ
    await sweep(deps)
    await written(deps, section)
    deps.broker.client.flushdb()
    for _ in range(2):
        clock.forward(10)
        await sweep(deps)
    assert (named(deps, section), len(await find_work_pauses(deps.db))) == (0, 1)


async def test_a_pause_that_ends_while_work_is_put_off_keeps_none(deps: Deps, clock: StoppedClock) -> None:
    """A worker that has not heard of the end, and puts work off after all was woken, sees so and wakes it."""
    worker, (order, (section, *_)) = working(deps), await with_sections(deps)
    await paused(deps, clock)
    await worker.recent_pauses.get(clock, partial(find_work_pauses, deps.db))
    await end_work_pause(deps.db, f"product:{BOOK}", clock.now())
    clock.moment -= timedelta(milliseconds=1)  # the worker's clock is behind
    await perform(worker, order, section["_id"], answering({"text": "x"}))
    clock.forward(10)
    await sweep_once(deps, Watch(clock))
    await sweep_once(deps, Watch(clock))
    assert (await state(deps, section))["due_at"] <= clock.now() + timedelta(minutes=1)


async def test_many_pauses_give_no_step_up(deps: Deps, clock: StoppedClock) -> None:
    """A step that was sent again and again, and put off each time, is not taken for one that nobody can take."""
    _, (section, *_) = await with_sections(deps)
    await deps.db.steps.update_one({"_id": section["_id"]}, {"$set": {"sends": 20}})
    await put_off_step(deps.db, section["_id"], clock.now())
    deps.broker.client.flushdb()
    await sweep(deps)
    assert (await state(deps, section))["state"] == "queued"
