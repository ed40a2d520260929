"""Births: the instant that date, time and place of birth name together, if they name one."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from infra.places.clocks import in_utc, offsets, read_position

_NOON = time(12)


def local_birth(answers: Mapping[str, str]) -> datetime | None:
    """Return what clocks showed at a birth: at noon, if its time is not known. None without a date."""
    try:
        day = date.fromisoformat(answers.get("birth_date", ""))
    except ValueError:
        return None
    return datetime.combine(day, _time(answers) or _NOON)


def possible_offsets(answers: Mapping[str, str]) -> list[timedelta]:
    """Return how far the clocks of a birth may have been ahead of UTC, as `offsets` does. None if unknown."""
    local, position = local_birth(answers), read_position(answers.get("birth_place", ""))
    if local is None:
        return []
    told = local.utcoffset()
    if told is not None:
        return [told]
    return offsets(position, local) if position else []


def instant_of_birth(answers: Mapping[str, str]) -> datetime | None:
    """Return when somebody was born, in UTC. None if date, time or the clocks of the place are not known."""
    local, possible = local_birth(answers), possible_offsets(answers)
    if local is None or _time(answers) is None or len(possible) != 1:
        return None
    return in_utc(local.replace(tzinfo=None), possible[0])


def is_time_in_doubt(answers: Mapping[str, str]) -> bool:
    """Return whether the clocks of the place showed the time of birth twice, or never."""
    return _time(answers) is not None and len(possible_offsets(answers)) > 1


def _time(answers: Mapping[str, str]) -> time | None:
    try:
        return time.fromisoformat(answers.get("birth_time", ""))
    except ValueError:
        return None
