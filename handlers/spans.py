"""Times as operators write them: a span such as 3d, 12h or 30m, or a time in ISO 8601."""

import re
from datetime import UTC, datetime, timedelta

from infra.errors import PressroomError

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class NoSuchTime(PressroomError):
    """A text is neither a span nor a time."""


def read_time(text: str, now: datetime, sign: int = 1) -> datetime | None:
    """Return the time that a span after now (before it, with a sign of -1) or a time names. None if it is none.

    Times are in UTC unless they say otherwise.
    """
    try:
        if span := re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text, re.ASCII):
            return now + sign * timedelta(**{_UNITS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def read_end(text: str, now: datetime) -> datetime:
    """Return the end that a text names. NoSuchTime if it names none."""
    end = read_time(text.strip(), now)
    if end is None:
        raise NoSuchTime("Say for how long, such as 30m, 12h or 3d, or until when, in ISO 8601 (UTC).")
    return end
