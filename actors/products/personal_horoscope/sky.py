"""The sun's way through a month of the book, computed from calendar and clock, with the same result each time."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from math import radians, sin

from actors.products.answer_types import clock_of
from actors.products.birth import instant_of_birth
from actors.products.definition import Occasion
from infra.charts import Mark, Wheel

SIGNS = (
    "Aries",
    "Taurus",
    "Gemini",
    "Cancer",
    "Leo",
    "Virgo",
    "Libra",
    "Scorpio",
    "Sagittarius",
    "Capricorn",
    "Aquarius",
    "Pisces",
)
_SIGN = 30  # degrees
#: Noon in Greenwich on the first day of 2000, from which the almanac counts, and the years for which it is exact.
_EPOCH, _KNOWN_YEARS = datetime(2000, 1, 1, 12, tzinfo=UTC), range(1800, 2200)


def sun_wheel(month: int, occasion: Occasion) -> Wheel:
    """Draw the sun's way in the month of the book, 1 to 12, and its place at the customer's birth.

    Where the instant of the birth is not known, it is that at noon of the day, and the words say so.
    """
    first, last = month_of(occasion.day, month), month_of(occasion.day, month + 1) - timedelta(days=1)
    start, end = sun_longitude(noon(first)), sun_longitude(noon(last))
    label = f"The sun’s way, {_written(first)} to {_written(last)}: {_place(start)} to {_place(end)}"
    marks = [Mark(start / _SIGN, label, until=end / _SIGN)]
    if (born := _birth(occasion.answers)) is not None:
        instant = instant_of_birth(occasion.answers)
        at = sun_longitude(instant or noon(born))
        when = clock_of(occasion.answers["birth_time"]) if instant else "noon"
        marks.append(Mark(at / _SIGN, f"The sun at {when} on the day of your birth: {_place(at)}"))
    return Wheel("The sun’s way round the zodiac, as a wheel of its twelve signs", SIGNS, tuple(marks))


def noon(day: date) -> datetime:
    """Return noon of a day in Greenwich."""
    return datetime.combine(day, time(12), UTC)


def sun_longitude(moment: datetime) -> float:
    """Return the sun's apparent place on the ecliptic, in degrees from the equinox, 0 to 360.

    By the approximate formula of the Astronomical Almanac (United States Naval Observatory, section C), which is
    good to a minute of arc for two centuries about 2000.
    """
    days = (moment - _EPOCH) / timedelta(days=1)
    anomaly = radians(357.529 + 0.98560028 * days)
    mean = 280.459 + 0.98564736 * days
    return (mean + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) % 360


def month_of(day: date, number: int) -> date:
    """Return the day on which a month of the book begins.

    The first begins on `day`, each other at the same day of its month. A month that has no such day begins on its
    last.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + number - 1, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _birth(answers: Mapping[str, str]) -> date | None:
    """Return the day of birth. None if there is none for which the sun's place is known well."""
    try:
        born = date.fromisoformat(answers.get("birth_date", ""))
    except ValueError:
        return None
    return born if born.year in _KNOWN_YEARS else None


def _place(longitude: float) -> str:
    """Return a place as charts name it: whole degrees within a sign."""
    sign, degrees = divmod(int(longitude), _SIGN)
    return f"{degrees}° {SIGNS[sign]}"


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
