"""Personal Horoscope, as it is sold: an opening, twelve months of thirteen sections, four that look back on them.

The months are counted from the purchase, so that the plan is the same for every customer.
"""

from functools import partial
from pathlib import Path

from actors.products.definition import Chapter, Pace, Part, Product, Section, Theme, chapter_of
from actors.products.personal_horoscope.sky import sun_wheel
from actors.products.questions import BIRTH_DATE, BIRTH_PLACE, BIRTH_TIME, LIFE, NAME

#: The months of the year, each with its meaning on the way round it. The overview's brief says more of each.
_MONTHS = {
    "First": "Setting out",
    "Second": "Taking root",
    "Third": "Finding the words",
    "Fourth": "Coming home",
    "Fifth": "Being seen",
    "Sixth": "Mending and sorting",
    "Seventh": "Meeting halfway",
    "Eighth": "Going deeper",
    "Ninth": "Looking further",
    "Tenth": "Standing for something",
    "Eleventh": "Widening the circle",
    "Twelfth": "Letting it rest",
}
#: The areas of life in the order of each month, by the brief that all months share.
_AREAS = {
    "love": "Love",
    "work": "Work",
    "money": "Money",
    "home": "Home",
    "family": "Family",
    "friends": "Friends",
    "rest": "Body and Rest",
    "learning": "Learning",
    "creativity": "Creativity",
    "travel": "Travel",
    "inner_life": "Inner Life",
    "day_to_mark": "A Day to Mark",
}
_OPENING = Section("opening", "The Year Before You")


def _month(number: int, ordinal: str, subtitle: str) -> Part:
    """Return a month whose overview follows the opening, and whose areas follow both."""
    month = f"month_{number:02}"
    overview = Section(f"{month}_overview", f"The {ordinal} Month in View", (_OPENING.id,), "overview")
    after = (_OPENING.id, overview.id)
    areas = [
        Section(f"{month}_{brief}", f"{area} in the {ordinal} Month", after, brief)
        for brief, area in _AREAS.items()
    ]
    opener = Chapter(month, f"The {ordinal} Month", subtitle=subtitle, chart=partial(sun_wheel, number))
    return Part(opener, (overview, *areas))


_YEAR = tuple(_month(number, *names) for number, names in enumerate(_MONTHS.items(), start=1))
_OVERVIEWS = tuple(month.sections[0].id for month in _YEAR)
_CLOSING = (
    Section("closing_thread", "The Thread of Your Year", _OVERVIEWS),
    Section("closing_turning", "Where the Year Turns", _OVERVIEWS),
    Section("closing_practice", "Three Practices to Keep", _OVERVIEWS),
    Section("closing_letter", "A Letter for the Last Day", (*_OVERVIEWS, _OPENING.id, "closing_thread")),
)

PRODUCT = Product(
    name="personal_horoscope",
    title="Personal Horoscope",
    subtitle="Your year in twelve months, counted from this day",
    price=9900,
    promise_s=3 * 60 * 60,
    needed=(NAME, BIRTH_DATE, BIRTH_PLACE),
    optional=(BIRTH_TIME,),
    accepts=LIFE,
    sections=(_OPENING, *(section for month in _YEAR for section in month.sections), *_CLOSING),
    chapters=(
        chapter_of(_OPENING),
        *(chapter for month in _YEAR for chapter in month.chapters),
        *map(chapter_of, _CLOSING),
    ),
    pace=Pace(max_in_flight=16),
    theme=Theme(accent="#6b3f63", tint="#f3ecee"),
    folder=Path(__file__).parent,
)
