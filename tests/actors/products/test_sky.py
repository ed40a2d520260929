"""The horoscope's chart: where the sun goes in each month, by the calendar alone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from actors.products.catalogue import PRODUCTS
from actors.products.definition import Occasion
from actors.products.personal_horoscope.sky import month_of, noon, sun_longitude, sun_wheel
from actors.reports.sources import chart_of
from tests.builders import an_order

HOROSCOPE = PRODUCTS["personal_horoscope"]
TOKYO, LONDON = (
    "Tokyo, Japan (35.69, 139.69, Asia/Tokyo)",
    "London, England, United Kingdom (51.51, -0.13, Europe/London)",
)


@pytest.mark.parametrize(
    ("day", "hours", "longitude"),
    [
        (date(2000, 6, 21), -10.2, 90),
        (date(2026, 3, 20), 2.8, 0),
        (date(2026, 6, 21), -3.6, 90),
        (date(2026, 9, 23), -11.9, 180),
        (date(2026, 12, 21), 8.8, 270),
    ],
)
def test_the_sun_stands_where_the_seasons_begin(day: date, hours: float, longitude: int) -> None:
    """At each equinox and solstice, so many hours from that day's noon, it is a quarter of the circle further."""
    found = sun_longitude(noon(day) + timedelta(hours=hours))
    assert (found - longitude + 180) % 360 - 180 == pytest.approx(0, abs=0.02)


def test_the_months_of_a_book_follow_one_another_through_its_year() -> None:
    """Each begins on the day of the payment, or on the last day of a month that is shorter."""
    assert [month_of(date(2027, 10, 31), number) for number in (1, 2, 5, 13)] == [
        date(2027, 10, 31),
        date(2027, 11, 30),
        date(2028, 2, 29),
        date(2028, 10, 31),
    ]


def test_a_month_shows_the_suns_way_and_its_place_at_birth() -> None:
    """Both are marked on the wheel of the signs, and said in words."""
    wheel = sun_wheel(1, Occasion({"birth_date": "1984-10-07"}, date(2026, 11, 21)))
    way, birth = wheel.marks
    assert way.label == "The sun’s way, 21 November 2026 to 20 December 2026: 29° Scorpio to 28° Sagittarius"
    assert birth.label == "The sun at noon on the day of your birth: 14° Libra"
    assert (round(way.at, 1), way.until and round(way.until, 1), round(birth.at, 1)) == (8.0, 9.0, 6.5)
    assert len(wheel.parts) == 12


@pytest.mark.parametrize(
    ("birth", "told"),
    [
        # The sun came to Aries when it was 17:03 in Greenwich.
        ({"birth_time": "23:00", "birth_place": TOKYO}, "The sun at 23:00 on the day of your birth: 29° Pisces"),
        ({"birth_time": "23:00", "birth_place": LONDON}, "The sun at 23:00 on the day of your birth: 0° Aries"),
        ({"birth_time": "23:00", "birth_place": "London"}, "The sun at noon on the day of your birth: 29° Pisces"),
        ({"birth_place": LONDON}, "The sun at noon on the day of your birth: 29° Pisces"),
    ],
)
def test_the_sun_is_shown_at_the_instant_of_birth_if_that_is_known(birth: dict[str, str], told: str) -> None:
    """A time counts by the clocks of the place; without both it is noon, and the book says which of them."""
    wheel = sun_wheel(1, Occasion({"birth_date": "1981-03-20", **birth}, date(2026, 11, 21)))
    assert wheel.marks[1].label == told


@pytest.mark.parametrize("answer", ["", "the third of May", "0001-01-01", "2026-02-30", "9" * 400])
def test_a_birth_that_is_no_date_is_left_out(answer: str) -> None:
    """The month is shown all the same."""
    assert len(sun_wheel(12, Occasion({"birth_date": answer}, date(2026, 11, 21))).marks) == 1


def test_each_month_has_its_chart_and_nothing_else_has_one() -> None:
    """The twelve openers of the horoscope show twelve stretches of the sun's way; its other chapters show none."""
    order = an_order(paid_at=datetime(2026, 11, 21, tzinfo=UTC))
    drawn = {one.id: chart_of(HOROSCOPE.name, one.id, order, {}) for one in HOROSCOPE.chapters}
    openers = {one.id for one in HOROSCOPE.chapters if not one.sections}
    assert {name for name, chart in drawn.items() if chart} == openers
    assert len({chart for chart in drawn.values() if chart}) == 12
