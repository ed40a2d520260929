"""Trouble of the provider's account: all work waits for it, one alert says so, and no step fails of it."""

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.reports.slots import queue_released
from infra.llm.answer import AccountIsRefused, ProviderIsBusy
from storage.alerts import due_alerts
from storage.records.mail import Alert
from storage.records.work import Step
from tests.actors.builders import present, state, with_sections
from tests.actors.reports.writing import Provider, answer, entries, open_provider, write, writing
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

REVOKED = AccountIsRefused("The LLM provider refuses us with 401: OPENAI_API_KEY is wrong.", may_pass=False)
NO_MONEY = AccountIsRefused("The LLM provider refuses us with 429: no money.", may_pass=False)
NO_REASON = AccountIsRefused("The LLM provider refuses us with 404.", may_pass=True)


async def alerts(deps: Deps) -> list[Alert]:
    """Return the alerts about the provider."""
    return await deps.db.alerts.find({"kind": "account", "event": "llm"}).to_list()


async def try_again(worker: WorkDeps, clock: StoppedClock, order: str, step: Step) -> None:
    """Write a section that went back, once it is due."""
    found = await state(worker, step)
    assert found["state"] == "ready"
    assert "due_at" in found
    clock.forward(max(0.0, (found["due_at"] - clock.now()).total_seconds()))
    await queue_released(worker, step)
    await write(worker, order, step)


def begun(deps: Deps, provider: Provider) -> WorkDeps:
    """Return a worker's deps with that provider, on the test's own clock."""
    return writing(deps, provider, patient=False)


async def test_a_revoked_key_fails_no_step(deps: Deps, clock: StoppedClock) -> None:
    """Two hours of refusals are nobody's failure; then the section is written, under the slot that it kept."""
    provider = open_provider(*[REVOKED] * 1000)
    worker, (order, (section, *_)) = begun(deps, provider), await with_sections(deps)
    until = clock.monotonic() + 2 * worker.settings.step_give_up_s
    await write(worker, order, section)
    while clock.monotonic() < until:
        found = await state(deps, section)
        assert (found["state"], found["fails"], found["kills"]) == ("ready", 0, 0)
        assert "failing_since" not in found
        clock.forward(600)
        await try_again(worker, clock, order, section)
    assert await deps.db.dead_letters.count_documents({}) == 0
    assert (await present(deps, order))["failed_at"] is None
    provider.replies[:] = [answer()]
    await try_again(worker, clock, order, section)
    assert (await state(deps, section))["state"] == "done"


async def test_an_operator_hears_of_it_once_and_again_the_next_time(deps: Deps, clock: StoppedClock) -> None:
    """Four refused sections are one alert with the cause; an answer to one ends it, and the next time is told."""
    provider = open_provider(*[REVOKED] * 4)
    worker, (order, sections) = begun(deps, provider), await with_sections(deps)
    for section in sections:
        await write(worker, order, section)
    (alert,) = await alerts(deps)
    assert "OPENAI_API_KEY" in alert["text"]
    assert (alert["order"], alert["seen"]) == (None, alert["seen"][:1])
    assert [one["_id"] for one in await due_alerts(deps.db, clock.moment.replace(minute=30), 9)] == [alert["_id"]]
    provider.replies[:] = [answer(), NO_MONEY]
    await try_again(worker, clock, order, sections[0])
    assert await alerts(deps) == []
    await try_again(worker, clock, order, sections[1])
    assert "no money" in (await alerts(deps))[0]["text"]


async def test_an_answer_to_a_section_that_was_not_refused_says_nothing(deps: Deps, clock: StoppedClock) -> None:
    """Its call may have been in the air when the account was refused: the alert ends with a refused section."""
    provider = open_provider(NO_MONEY, answer(), answer())
    worker, (order, (refused, other, *_)) = begun(deps, provider), await with_sections(deps)
    await write(worker, order, refused)
    await write(worker, order, other)
    assert len(await alerts(deps)) == 1
    await try_again(worker, clock, order, refused)
    assert await alerts(deps) == []


async def test_a_new_process_ends_what_another_raised(deps: Deps, clock: StoppedClock) -> None:
    """The worker with the new key never saw the old one refused: its first answer ends the alert all the same."""
    provider = open_provider(REVOKED, answer())
    order, (section, *_) = await with_sections(deps)
    await write(begun(deps, provider), order, section)
    assert len(await alerts(deps)) == 1
    await try_again(begun(deps, provider), clock, order, section)
    assert await alerts(deps) == []


async def test_a_passing_refusal_disturbs_no_operator(deps: Deps, clock: StoppedClock) -> None:
    """A 404 without a reason is waited for, and an answer ends it; if it lasts for ten seconds it is told."""
    provider = open_provider(NO_REASON, answer(), NO_REASON, NO_REASON)
    worker, (order, (passing, lasting, *_)) = begun(deps, provider), await with_sections(deps)
    await write(worker, order, passing)
    found = await state(deps, passing)
    assert (found["state"], found["fails"]) == ("ready", 0)
    await try_again(worker, clock, order, passing)
    clock.forward(10)
    await write(worker, order, lasting)
    assert await alerts(deps) == []
    clock.forward(10)
    await try_again(worker, clock, order, lasting)
    assert len(await alerts(deps)) == 1


async def test_a_section_that_alone_is_refused_fails_of_it(deps: Deps, clock: StoppedClock) -> None:
    """A server that answers all others has something against this request: it counts as failing, like a hiccup."""
    provider = open_provider(*[NO_REASON] * 4)
    worker, (order, (alone, other, *_)) = begun(deps, provider), await with_sections(deps)
    await write(worker, order, alone)
    for _ in range(3):
        await try_again(worker, clock, order, alone)
    assert (await state(deps, alone))["fails"] == 0
    provider.replies[:] = [answer(), *[NO_REASON] * 5]
    await write(worker, order, other)
    await try_again(worker, clock, order, alone)
    assert (await state(deps, alone))["fails"] == 1


async def test_each_refused_call_is_in_the_ledger(deps: Deps) -> None:
    """A refused call is an attempt that cost nothing, with the provider's reason."""
    worker, (order, (section, *_)) = begun(deps, open_provider(NO_MONEY)), await with_sections(deps)
    await write(worker, order, section)
    assert await entries(deps, section) == [("settled", "failed")]


async def test_a_hiccup_is_still_the_steps_own(deps: Deps) -> None:
    """A 503 counts as before: the account is well."""
    worker = begun(deps, open_provider(ProviderIsBusy("503", retry_after=30.0)))
    order, (section, *_) = await with_sections(deps)
    await write(worker, order, section)
    assert (await state(deps, section))["fails"] == 1
    assert await alerts(deps) == []
