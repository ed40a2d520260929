"""A store that refuses our account, bucket or requests: work waits for a person, and no order fails for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.reports.advance import advance_or_call
from actors.reports.assemble_report import assemble_report
from actors.reports.claim import Claim, StepGoesBack
from actors.reports.perform_step import perform
from actors.reports.render_chunk import render_chunk
from actors.sweep.orders import end_unmet_troubles, seek_lost_books
from infra.errors import TransientError
from storage.alerts import raise_alert
from storage.dead_letters import dead_letters
from storage.errands import open_errand
from storage.objects import ObjectStore
from storage.records.mail import Alert
from storage.records.work import Step, StepResult
from tests.actors.builders import BOOK, messages, present, report_of, state, steps, with_chapters
from tests.actors.vendors import Press
from tests.conftest import StoppedClock
from tests.store import BUCKET, Store

pytestmark = pytest.mark.anyio


@pytest.fixture
def there(deps: Deps) -> Iterator[Store]:
    """A store in the test's hands, where processes have credentials."""
    del deps
    with Store() as store:
        yield store


async def at_work(deps: Deps, store: Store, press: Press) -> tuple[WorkDeps, str, list[Step]]:
    """Return a worker of that store, an order, and its chapters, which are queued."""
    worker, order, chapters = await with_chapters(deps, press)
    return replace(worker, objects=ObjectStore(BUCKET, store.url)), order, chapters


async def alerts(deps: Deps) -> list[Alert]:
    """Return the alerts about accounts."""
    return await deps.db.alerts.find({"kind": "account"}).to_list()


async def again(deps: Deps, step: Step) -> None:
    """Queue a released step, as its time has come."""
    await deps.db.steps.update_one({"_id": step["_id"]}, {"$set": {"state": "queued"}})


@pytest.mark.parametrize(
    "refusal",
    [
        (501, "NotImplemented"),
        (401, "Unauthorized"),
        (400, "InvalidTrailer"),
        (403, "SignatureDoesNotMatch"),
        (403, "InvalidAccessKeyId"),
        (404, "NoSuchBucket"),
        (403, "AccessDenied"),
        (413, ""),
    ],
    ids=str,
)
async def test_a_step_waits_for_the_account(
    deps: Deps, clock: StoppedClock, there: Store, refusal: tuple[int, str]
) -> None:
    """However long the store refuses us: no failure is counted, no order needs anybody, and one alert says why."""
    worker, order, (chapter, other, *_) = await at_work(deps, there, Press())
    there.refused["PUT"] = refusal
    until = clock.now() + timedelta(seconds=2 * deps.settings.step_give_up_s)
    while clock.now() < until:
        for step in (chapter, other):
            await perform(worker, order, step["_id"], partial(render_chunk, worker))
            await again(deps, step)
        clock.forward(600)
    waiting = await state(deps, chapter)
    assert (waiting["state"], waiting["fails"], waiting["kills"]) == ("queued", 0, 0)
    assert "failing_since" not in waiting
    found = await present(deps, order)
    assert (found["attention"], found["failed_at"]) == (None, None)
    (alert,) = await alerts(deps)
    assert (alert["event"], alert["order"]) == ("s3", None)
    assert (refusal[1] or str(refusal[0])) in alert["text"]
    there.refused.clear()
    await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    assert (await state(deps, chapter))["state"] == "done"


async def test_an_alert_ends_with_the_first_success_of_what_met_its_trouble(
    deps: Deps, clock: StoppedClock, there: Store
) -> None:
    """However many chapters wait, one that gets through ends it; if the trouble comes again, it is told anew."""
    worker, order, (chapter, other, *_) = await at_work(deps, there, Press())
    for passing in (chapter, other):
        there.refused["PUT"] = (404, "NoSuchBucket")
        for step in (chapter, other):
            await perform(worker, order, step["_id"], partial(render_chunk, worker))
            await again(deps, step)
        (alert,) = await alerts(deps)
        assert alert["at"] == clock.now()
        clock.forward(1)
        there.refused.clear()
        await perform(worker, order, passing["_id"], partial(render_chunk, worker))
        assert await alerts(deps) == []


async def test_an_alert_ends_once_nothing_meets_its_trouble(deps: Deps, clock: StoppedClock, there: Store) -> None:
    """It stays while work meets the refusal; where none that met it gets through, it is over ten minutes later."""
    worker, order, (chapter, *_) = await at_work(deps, there, Press())
    there.refused["PUT"] = (404, "NoSuchBucket")
    for _ in range(12):
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
        await again(deps, chapter)
        await end_unmet_troubles(deps)
        assert len(await alerts(deps)) == 1
        clock.forward(120)
    clock.forward(480)
    await end_unmet_troubles(deps)
    assert await alerts(deps) == []


async def test_alerts_that_an_earlier_version_raised_end(deps: Deps, clock: StoppedClock) -> None:
    """They do not say when work met them last, so that the next look ends them; those about other trouble stay."""
    for kind, subject in (("provider", "llm"), ("mail", "reports@pressroom.example"), ("reconcile", "cs_1")):
        await raise_alert(deps.db, kind, "No.", clock.now(), event=subject)
    await end_unmet_troubles(deps)
    assert [alert["kind"] async for alert in deps.db.alerts.find()] == ["reconcile"]


async def test_each_cause_is_told(deps: Deps, there: Store) -> None:
    """A key that is mended in a bucket that is missing is two things to do."""
    worker, order, (chapter, *_) = await at_work(deps, there, Press())
    for refusal in ((403, "InvalidAccessKeyId"), (404, "NoSuchBucket"), (403, "InvalidAccessKeyId")):
        there.refused["PUT"] = refusal
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
        await again(deps, chapter)
    told = sorted(alert["text"].partition(":")[0] for alert in await alerts(deps))
    assert told == ["S3 refuses us with InvalidAccessKeyId", "S3 refuses us with NoSuchBucket"]


@pytest.mark.parametrize("stored", [False, True])
async def test_a_chapter_is_set_again_where_s3_hides_what_is_missing(
    deps: Deps, there: Store, *, stored: bool
) -> None:
    """A second claim of a chapter sets it, unless it is there: a 403 to the question stops nothing."""
    press = Press()
    worker, order, (chapter, *_) = await at_work(deps, there, press)
    there.may_list = False

    async def end(claim: Claim) -> StepResult:
        if stored:
            await render_chunk(worker, claim)
        raise StepGoesBack

    await perform(worker, order, chapter["_id"], end)
    await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    assert ((await state(deps, chapter))["state"], press.set) == ("done", [chapter["key"]])
    assert await alerts(deps) == []


async def finished(worker: WorkDeps, order: str, chapters: list[Step]) -> str:
    """Set and bind the book of an order. Returns the key of its object."""
    for chapter in chapters:
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    (binding,) = await steps(worker, order, "assemble")
    await perform(worker, order, binding["_id"], partial(assemble_report, worker))
    pdf = (await report_of(worker, order))["pdf"]
    assert pdf is not None
    return pdf["object"]


async def test_a_lost_book_is_noticed_where_s3_hides_what_is_missing(deps: Deps, there: Store) -> None:
    """Without leave to list the bucket the sweep and the reprint find out what is lost, and it is made again."""
    worker, order, chapters = await at_work(deps, there, Press())
    book = await finished(worker, order, chapters)
    await seek_lost_books(worker)
    there.may_list = False
    assert "reprint_reports" not in (await present(deps, order))["errands"]
    for key in (book, next(key for key in there.objects if "/chunks/" in key)):
        del there.objects[key]
    await seek_lost_books(worker)
    await run_errand(worker, "reprint_reports", order)
    made_again = await deps.db.steps.find({"order": order, "run": 2}).to_list()
    assert sorted(step["kind"] for step in made_again) == ["assemble", "render"]
    assert await alerts(deps) == []


async def test_a_book_that_cannot_be_published_waits_for_the_account(deps: Deps, there: Store) -> None:
    """A store that does not copy lets the report stand where it is, and an operator hears of it."""
    worker, order, chapters = await at_work(deps, there, Press())
    await finished(worker, order, chapters)
    (binding,) = await steps(deps, order, "assemble")
    there.refused["PUT"] = (501, "NotImplemented")
    with pytest.raises(TransientError):
        await advance_or_call(worker, await state(deps, binding))
    (alert,) = await alerts(deps)
    assert ("NotImplemented" in alert["text"], (await present(deps, order))["attention"]) == (True, None)
    there.refused.clear()
    await advance_or_call(worker, await state(deps, binding))
    assert await alerts(deps) == []


async def test_a_sweep_that_may_not_look_for_books_tells(deps: Deps, there: Store) -> None:
    """Lost books would not be noticed: an operator hears of that."""
    worker, order, chapters = await at_work(deps, there, Press())
    await finished(worker, order, chapters)
    there.refused["HEAD"] = there.refused["PUT"] = (403, "AccessDenied")
    with pytest.raises(TransientError):
        await seek_lost_books(worker)
    (alert,) = await alerts(deps)
    assert "s3:GetObject" in alert["text"]
    there.refused.clear()
    await seek_lost_books(worker)
    assert await alerts(deps) == []


async def test_a_customer_is_forgotten_though_the_bucket_may_not_be_listed(
    deps: Deps, clock: StoppedClock, there: Store
) -> None:
    """All files on record are gone at once; what only a listing shows goes once that is allowed.

    Meanwhile the success of other work ends no alert: a key may put and not list.
    """
    worker, order, chapters = await at_work(deps, there, Press())
    await finished(worker, order, chapters)
    there.objects[f"orders/{order}/{BOOK}/chunks/earlier.pdf"] = (b"%PDF", {})
    there.may_list = False
    done = {"delivered_at": clock.now(), "letter": "completion", "errands": {}}
    await deps.db.orders.update_one({"_id": order}, {"$set": done})
    assert await open_errand(deps.db, order, "forget_order", clock.now())
    await run_errand(worker, "forget_order", order)
    assert list(there.objects) == [f"orders/{order}/{BOOK}/chunks/earlier.pdf"]
    assert await deps.db.steps.count_documents({"order": order, "result": {"$exists": True}}) == 0
    another, other, chapters = await at_work(deps, there, Press())
    await finished(another, other, chapters)
    (alert,) = await alerts(deps)
    assert "s3:ListBucket" in alert["text"]
    assert await dead_letters(deps.db, limit=9, order=order, state="open") == []
    there.may_list = True
    await run_errand(worker, "forget_order", order)
    assert [key for key in there.objects if order in key] == []
    assert await alerts(deps) == []
    assert (await present(deps, order))["errands"] == {}
    assert "reprint_reports" not in [one["actor_name"] for one in messages(deps, "bundle")]
