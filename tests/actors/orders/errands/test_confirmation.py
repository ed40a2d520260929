"""The confirmation of a long order: once, in time, with an honest estimate, and in nobody's way."""

import asyncio
from datetime import timedelta

import pytest

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.orders.errands.registry import run_errand
from actors.orders.estimate import estimate_s, planned_s
from actors.products.catalogue import OFFERS, PRODUCTS
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.deliveries import find_delivery
from storage.orders import fail_order
from storage.records.work import Report
from tests.actors.builders import ORDER, messages, place, present, working
from tests.actors.post import LONG, Mailer, stored
from tests.builders import a_report
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

BOOK = "personal_horoscope"


def woken(deps: Deps) -> list[str]:
    """Return the errands for which mail workers are woken."""
    return [message["actor_name"] for message in messages(deps, "bundle")]


def test_only_who_waits_long_gets_a_confirmation() -> None:
    """The long report and the bundle are confirmed; the others are in the inbox before one would be read."""
    assert [name for name, offer in OFFERS.items() if offer.is_confirmed] == [BOOK, "bundle"]


async def test_a_short_order_is_not_confirmed(deps: Deps) -> None:
    """Nothing is asked of the mail workers when it is placed."""
    await place(deps)
    assert woken(deps) == []


async def test_a_long_order_is_confirmed_once_at_once(deps: Deps) -> None:
    """When it is placed a mail worker is woken; of eight messages one sends, and the errand is over."""
    await place(deps, **LONG)
    assert woken(deps) == ["confirm_order"]
    mailer = Mailer()
    worker = working(deps, mailer)
    await asyncio.gather(*(run_errand(worker, "confirm_order", ORDER) for _ in range(8)))
    await run_errand(worker, "confirm_order", ORDER)
    assert mailer.kinds == ["confirmation"]
    assert "10\N{NO-BREAK SPACE}minutes" in mailer.letters[0].text
    assert "confirm_order" not in (await present(deps))["errands"]


async def test_a_confirmation_whose_message_is_lost_is_sent_all_the_same(deps: Deps, clock: StoppedClock) -> None:
    """The errand is in MongoDB before the message, and the sweep wakes a worker again."""
    await place(deps, **LONG)
    deps.broker.client.flushdb()
    clock.forward(15)
    await sweep_once(deps, Watch(clock))
    assert woken(deps) == ["confirm_order"]


async def test_an_order_placed_again_is_not_confirmed_again(deps: Deps) -> None:
    """Another event about the session wakes a worker, who finds the letter sent."""
    await place(deps, **LONG)
    worker = working(deps, Mailer())
    await run_errand(worker, "confirm_order", ORDER)
    await place(deps, **LONG)
    await run_errand(working(deps), "confirm_order", ORDER)
    assert "confirm_order" not in (await present(deps))["errands"]


async def test_there_is_no_confirmation_after_the_reports(deps: Deps) -> None:
    """Reports that were quicker than the mail server are confirmed by their own letter."""
    await stored(deps, **LONG)
    mailer = Mailer()
    worker = working(deps, mailer)
    await run_errand(worker, "complete_order", ORDER)
    await run_errand(worker, "confirm_order", ORDER)
    assert mailer.kinds == ["completion"]


async def put_off(deps: Deps) -> tuple[WorkDeps, Mailer]:
    """Place an order whose confirmation the mail server puts off. Returns a worker and its mailer."""
    await place(deps, **LONG)
    mailer = Mailer(busy=True)
    worker = working(deps, mailer)
    await run_errand(worker, "confirm_order", ORDER)
    return worker, mailer


async def test_a_confirmation_that_cannot_be_sent_holds_nothing_up(deps: Deps, clock: StoppedClock) -> None:
    """While the server puts it off, the order goes on; put off until the reports are there, it is dropped."""
    worker, mailer = await put_off(deps)
    delivery = await find_delivery(deps.db, ORDER, "confirmation")
    assert delivery is not None
    assert delivery["state"] == "waiting"
    mailer.busy = False
    await stored(deps, **LONG)
    clock.forward(60)
    await run_errand(worker, "complete_order", ORDER)
    await run_errand(worker, "confirm_order", ORDER)
    assert mailer.kinds == ["completion"]


async def test_there_is_no_confirmation_after_another_letter(deps: Deps, clock: StoppedClock) -> None:
    """Who has heard that something went wrong is not told that it is being written."""
    worker, mailer = await put_off(deps)
    await fail_order(deps.db, ORDER, "A section is dead.", clock.now())
    mailer.busy = False
    clock.forward(60)
    await run_errand(worker, "confirm_order", ORDER)
    assert (mailer.kinds, "confirm_order" in (await present(deps))["errands"]) == ([], False)


async def test_an_estimate_is_the_median_of_the_latest_reports(deps: Deps, clock: StoppedClock) -> None:
    """At first the plan says how long it takes; then what the latest twenty of 30 days really took."""
    assert await estimate_s(deps, [BOOK]) == planned_s(PRODUCTS[BOOK])
    now = clock.now()

    def made(number: int, seconds: int, ago: timedelta, product: str = BOOK) -> Report:
        began_at = now - ago - timedelta(seconds=seconds)
        return a_report(f"cs_{number}", product, state="stored", began_at=began_at, stored_at=now - ago)

    long_ago = [made(number, 9000, timedelta(days=31)) for number in range(10)]
    others = [made(number, 7000, timedelta(0), "life_clarity") for number in range(10)]
    await deps.db.reports.insert_many([*long_ago, *others])
    assert await estimate_s(deps, [BOOK]) == planned_s(PRODUCTS[BOOK])
    older = [made(number, 5000, timedelta(days=2)) for number in range(10, 31)]
    latest = [made(number, number, timedelta(minutes=number)) for number in range(100, 120)]
    await deps.db.reports.insert_many([*older, *latest])
    assert await estimate_s(deps, [BOOK]) == 109.5
    assert await estimate_s(deps, [BOOK, "life_clarity"]) == 7000


def test_a_plan_takes_as_many_rounds_as_its_pace_makes_of_it() -> None:
    """Sections that follow one another are waited for in turn, those side by side as many as may be in the air."""
    # 1, 12, 144 in nine rounds, 3 and the last letter.
    assert planned_s(PRODUCTS[BOOK]) == 13 * 30 + 60
    assert planned_s(PRODUCTS["life_clarity"]) == 30 + 60
