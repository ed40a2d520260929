"""The customers' day: the date on a book's cover, and the first day of its months."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.sources import book_source, chart_of
from infra.charts import Wheel
from infra.tenants import MAIN, Tenant, Tenants
from storage.records.orders import Order
from tests.actors.builders import place, present
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

#: An evening in California, and noon of the next day in New Zealand.
PAID_AT = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
HOROSCOPE = {
    "metadata": {
        "product": "personal_horoscope",
        "name": "Ada",
        "birth_date": "1988-04-17",
        "birth_place": "Rome",
    },
    "amount_subtotal": 9900,
}


async def sold(deps: Deps, zone: str | None, of_main: str | None = None) -> Order:
    """Place an order where that zone is set, or is main's own, paid at that moment."""
    if zone is not None:
        deps = replace(deps, settings=msgspec.structs.replace(deps.settings, timezone=zone))
    if of_main is not None:
        deps = replace(deps, tenants=Tenants({MAIN: Tenant(id=MAIN, timezone=of_main)}))
    await place(deps, **HOROSCOPE)
    await deps.db.orders.update_one({}, {"$set": {"paid_at": PAID_AT}})
    return await present(deps)


def cover_of(order: Order) -> date:
    """Return the date on the cover of its book."""
    return book_source(plan_of(PRODUCTS["personal_horoscope"]), order, "Brand").date


def first_month_of(order: Order) -> str:
    """Return what is said of the sun's way in its first month."""
    opener = next(one.id for one in PRODUCTS["personal_horoscope"].chapters if one.chart)
    chart = chart_of("personal_horoscope", opener, order, {})
    assert isinstance(chart, Wheel)
    return chart.marks[0].label


@pytest.mark.parametrize(
    ("zone", "day", "said"),
    [
        (None, date(2026, 1, 1), "1 January 2026 to"),
        ("America/Los_Angeles", date(2025, 12, 31), "31 December 2025 to"),
        ("Pacific/Auckland", date(2026, 1, 1), "1 January 2026 to"),
        ("UTC", date(2026, 1, 1), "1 January 2026 to"),
    ],
)
async def test_a_book_is_of_its_customers_day(deps: Deps, zone: str | None, day: date, said: str) -> None:
    """Cover and months begin with the day that it was where it was sold."""
    order = await sold(deps, zone)
    assert cover_of(order) == day
    assert said in first_month_of(order)


async def test_a_brands_own_zone_goes_before_the_installations(deps: Deps) -> None:
    """Two brands of one installation may sell on either side of the date line."""
    order = await sold(deps, "Pacific/Auckland", of_main="America/Los_Angeles")
    assert cover_of(order) == date(2025, 12, 31)
    assert "31 December 2025 to" in first_month_of(order)


async def test_an_order_keeps_its_zone(deps: Deps, clock: StoppedClock) -> None:
    """A setting that changes under way moves no day: a book that is printed again is the same."""
    order = await sold(deps, "America/Los_Angeles")
    clock.forward(timedelta(days=1).total_seconds())
    moved = replace(deps, settings=msgspec.structs.replace(deps.settings, timezone="Pacific/Auckland"))
    assert cover_of(await present(moved)) == cover_of(order)


async def test_an_order_keeps_whether_its_book_says_that_an_ai_wrote_it(deps: Deps) -> None:
    """A book that is printed again has the bytes of the first, whatever is set then; an older one says nothing."""
    quiet = replace(deps, settings=msgspec.structs.replace(deps.settings, ai_notice=False))
    plan = plan_of(PRODUCTS["personal_horoscope"])
    told = [book_source(plan, await sold(deps, None), "Brand").ai_notice]
    await deps.db.orders.delete_many({})
    order = await sold(quiet, None)
    told.append(book_source(plan, order, "Brand").ai_notice)
    del order["ai_notice"]
    assert [*told, book_source(plan, order, "Brand").ai_notice] == [True, False, False]


async def test_an_order_from_before_the_setting_is_of_the_day_in_utc(deps: Deps) -> None:
    """Its books were begun so."""
    order = await sold(deps, "America/Los_Angeles")
    del order["timezone"]
    assert cover_of(order) == date(2026, 1, 1)
