"""Clocks of places: what they showed on a day of the past, and the one text by which a place is kept.

The zones are the system's, since those of PyPI are merged and wrong before 1970: there Stockholm has Berlin's
summer of 1943. Before a place had a zone, its clocks followed the sun.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.places.search import Place

_KEPT = re.compile(
    r"(?P<said>.+) \((?P<latitude>-?\d{1,2}\.\d\d), (?P<longitude>-?\d{1,3}\.\d\d), (?P<zone>[A-Z]\w+/[\w/+-]+)\)",
    re.DOTALL,
)
_DEGREE = timedelta(minutes=4)
#: A time that tells merged zones from whole ones: Stockholm had no summer time, and Berlin had.
_STOCKHOLM, _THEN = "Europe/Stockholm", datetime.fromisoformat("1943-07-01T12:00")


class Position(NamedTuple):
    """Position of a kept place, as far as clocks need it: degrees to the east, and its zone's name."""

    longitude: float
    zone: str


def keep(place: Place) -> str:
    """Return the text that keeps a found place: as it is said in English, then where it is and its zone's name."""
    return f"{place.said()} ({place.latitude}, {place.longitude}, {place.zone})"


def said_place(text: str) -> str:
    """Return a place as it is said, without its position. Any other text is said as it is."""
    kept = _KEPT.fullmatch(text)
    return kept["said"] if kept else text


def read_position(text: str) -> Position | None:
    """Return the position of a kept place. None for any other text."""
    kept = _KEPT.fullmatch(text)
    return Position(float(kept["longitude"]), kept["zone"]) if kept else None


def offsets(position: Position, local: datetime) -> list[timedelta]:
    """Return how far a place's clocks may have been ahead of UTC when they showed a time.

    One offset, or two if they showed it twice, the larger first, or never, the smaller first: then it is the time
    of a clock that was not put forward, or was too early. None if the system does not know the zone.
    """
    try:
        zone = ZoneInfo(position.zone)
        possible = [_offset(position, local.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)]
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return []
    return possible[:1] if possible[0] == possible[1] else possible


def _offset(position: Position, moment: datetime) -> timedelta:
    # LMT is tzdata's name of local mean time: there that of the zone's first city, here that of the place.
    if moment.tzname() == "LMT":
        return timedelta(seconds=round((position.longitude * _DEGREE).total_seconds()))
    return moment.utcoffset() or timedelta()


def zones_have_history() -> bool:
    """Return whether the system's zones are whole: before 1970 each has the clocks of its own country."""
    return offsets(Position(18.07, _STOCKHOLM), _THEN) == [timedelta(hours=1)]


def in_utc(local: datetime, offset: timedelta) -> datetime:
    """Return the instant at which clocks so far ahead of UTC showed a time."""
    return (local - offset).replace(tzinfo=UTC)
