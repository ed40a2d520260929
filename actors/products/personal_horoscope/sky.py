"""The sun's way through a month of the book, computed from the calendar alone, with the same result each time."""

from calendar import monthrange
from datetime import date, timedelta
from math import radians, sin

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
_EPOCH, _KNOWN_YEARS = date(2000, 1, 1), range(1800, 2200)


def sun_wheel(month: int, occasion: Occasion) -> Wheel:
    """Draw the sun's way in the month of the book, 1 to 12, and its place on the customer's day of birth."""
    first, last = month_of(occasion.day, month), month_of(occasion.day, month + 1) - timedelta(days=1)
    start, end = sun_longitude(first), sun_longitude(last)
    label = f"The sun’s way, {_written(first)} to {_written(last)}: {_place(start)} to {_place(end)}"
    marks = [Mark(start / _SIGN, label, until=end / _SIGN)]
    if (born := _birth(occasion.answers.get("birth_date", ""))) is not None:
        at = sun_longitude(born)
        marks.append(Mark(at / _SIGN, f"The sun at noon on the day of your birth: {_place(at)}"))
    return Wheel("The sun’s way round the zodiac, as a wheel of its twelve signs", SIGNS, tuple(marks))


def sun_longitude(day: date) -> float:
    """Return the sun's apparent place on the ecliptic at noon in Greenwich, in degrees from the equinox, 0 to 360.

    By the approximate formula of the Astronomical Almanac (United States Naval Observatory, section C), which is
    good to a minute of arc for two centuries about 2000.
    """
    days = (day - _EPOCH).days
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


def _birth(text: str) -> date | None:
    """Return the date of an answer.

    None if it is no date, or one for which the sun's place is not known well.
    """
    try:
        born = date.fromisoformat(text)
    except ValueError:
        return None
    return born if born.year in _KNOWN_YEARS else None


def _place(longitude: float) -> str:
    """Return a place as charts name it: whole degrees within a sign."""
    sign, degrees = divmod(int(longitude), _SIGN)
    return f"{degrees}° {SIGNS[sign]}"


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
