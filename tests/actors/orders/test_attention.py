"""An order is on the operator's list for as long as anything of it is dead, and for nothing that is mended."""

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.orders.operators.dead_letters import resolve_dead_letter, retry_order
from actors.reports.advance import give_up
from actors.reports.begin_report import begin_report
from storage.audit import Authority
from storage.budget import begin_pause, end_pause
from storage.dead_letters import dead_letters
from storage.order_state import attention_of
from storage.records.mail import DeadLetter
from storage.reports import report_id
from storage.steps import steps_of
from tests.actors.builders import BOOK, ORDER, place, present, working
from tests.actors.post import LONG, Broken, Mailer, stored
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

BY = Authority("Olga", "mended")


async def with_dead(deps: Deps, *numbers: int, product: str = BOOK) -> list[str]:
    """Begin the placed order's report, and let those of its sections die. Returns their dead letters' reasons."""
    await begin_report(deps, report_id(ORDER, product))
    sections = [step for step in await steps_of(deps.db, report_id(ORDER, product)) if step["kind"] == "write"]
    for number in numbers:
        await give_up(deps, sections[number], sections[number]["epoch"], "No.")
    return [f"{product}: {sections[number]['key']} is dead: No." for number in numbers]


async def open_letters(deps: Deps, **facts: object) -> list[DeadLetter]:
    """Return the order's open dead letters of that kind."""
    return await dead_letters(deps.db, limit=9, order=ORDER, state="open", **facts)


async def test_a_refused_mail_is_no_failure_of_an_order_whose_step_was_mended(deps: Deps) -> None:
    """It stays on the list for the mail, and its customer neither hears of a failure nor is refunded for it."""
    wrong = "nobody@customer.example"
    await place(deps, **LONG, customer_details={"email": wrong})
    await run_errand(working(deps, Mailer(refused=wrong)), "confirm_order", ORDER)
    await with_dead(deps, 0, product="personal_horoscope")
    assert (await present(deps))["failed_at"] is not None
    (dead,) = await open_letters(deps, kind="step")
    await resolve_dead_letter(deps, dead["_id"], "replayed", BY)
    order = await present(deps)
    assert (order["attention"], order["failed_at"]) == ("The confirmation mail was refused: 550.", None)


async def test_what_is_left_of_several_dead_is_named(deps: Deps) -> None:
    """Mending one of two leaves the order failed for the other; mending both takes it off the list."""
    await place(deps)
    first, second = await with_dead(deps, 0, 1)
    for reason, left in ((first, second), (second, None)):
        (letter,) = [one for one in await open_letters(deps) if one["reason"] == reason]
        await resolve_dead_letter(deps, letter["_id"], "replayed", BY)
        order = await present(deps)
        assert (order["attention"], order["failed_at"] is not None) == (left, left is not None)


async def test_a_whole_order_is_retried_at_once(deps: Deps) -> None:
    """Everything that is dead of it is replayed, in one word."""
    await place(deps)
    await with_dead(deps, 0, 1, 2)
    assert await retry_order(deps, ORDER, BY) == []
    assert (await open_letters(deps), attention_of(await present(deps))) == ([], None)


async def test_a_resumed_order_whose_section_died_is_still_failed(deps: Deps, clock: StoppedClock) -> None:
    """The end of a pause mends the pause, and not what died beside it."""
    order = await place(deps)
    worker = working(deps)
    await begin_pause(deps.db, order, "Spent.", None, clock.now())
    await run_errand(worker, "heed_pause", ORDER)
    (reason,) = await with_dead(deps, 0)
    clock.forward(60)
    await end_pause(deps.db, await present(deps), None, clock.now())
    await run_errand(worker, "heed_pause", ORDER)
    order = await present(deps)
    assert (attention_of(order), order["failed_at"]) == (reason, clock.now())


async def test_an_order_whose_reports_were_not_sent_stays_on_the_list(deps: Deps) -> None:
    """To discard their letter sends them to nobody: off the list, the order would be lost from sight."""
    await stored(deps)
    await run_errand(working(deps, Broken()), "complete_order", ORDER)
    (letter,) = await open_letters(deps)
    await resolve_dead_letter(deps, letter["_id"], "discarded", BY)
    assert attention_of(await present(deps)) == letter["reason"]


async def test_a_mail_that_goes_out_at_last_needs_nobody_any_more(deps: Deps, clock: StoppedClock) -> None:
    """Who was called because a server said "not now" ten times is released when it takes the letter."""
    await place(deps, **LONG)
    mailer = Mailer(busy=True)
    worker = working(deps, mailer)
    for _ in range(11):
        await run_errand(worker, "confirm_order", ORDER)
        clock.forward(301)
    assert "again and again" in (attention_of(await present(deps)) or "")
    mailer.busy = False
    await run_errand(worker, "confirm_order", ORDER)
    assert (mailer.kinds, attention_of(await present(deps))) == (["confirmation"], None)
