"""Times in the past, as an operator types them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import click

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Past(click.ParamType[datetime]):
    """A span such as 3d, 12h or 30m ago, or a time in ISO 8601 (UTC unless it says otherwise)."""

    name = "ago|time"

    def __init__(self, longest: timedelta | None = None) -> None:
        """Refuse times longer ago than `longest`."""
        self._longest = longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC. Fail with click's own error if there is none in `value`."""
        now = datetime.now(UTC)
        moment = _moment(str(value), now)
        if moment is None or moment > now or (self._longest is not None and moment < now - self._longest):
            limit = f" of the last {self._longest.days} days" if self._longest else ""
            hint = f"say how long ago, such as 3d, 12h or 30m, or a past time{limit} in ISO 8601."
            self.fail(hint, param, ctx)
        return moment


def _moment(text: str, now: datetime) -> datetime | None:
    try:
        if span := re.fullmatch(r"([1-9][0-9]{0,4})([dhm])", text):
            return now - timedelta(**{_UNITS[span[2]]: int(span[1])})
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
