"""Times in the past, as an operator types them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from handlers.spans import read_time


class Past(click.ParamType[datetime]):
    """A span such as 3d, 12h or 30m ago, or a time in ISO 8601 (UTC unless it says otherwise)."""

    name = "ago|time"

    def __init__(self, longest: timedelta | None = None) -> None:
        """Refuse times longer ago than `longest`."""
        self._longest = longest

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC. Fail with click's own error if there is none in `value`."""
        now = datetime.now(UTC)
        moment = read_time(str(value), now, -1)
        if moment is None or moment > now or (self._longest is not None and moment < now - self._longest):
            limit = f" of the last {self._longest.days} days" if self._longest else ""
            hint = f"say how long ago, such as 3d, 12h or 30m, or a past time{limit} in ISO 8601."
            self.fail(hint, param, ctx)
        return moment
