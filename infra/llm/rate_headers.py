"""Reads rate-limit headers. Missing or invalid values are ignored."""

import contextlib
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

#: A limit of a minute is whole again within a minute; limits of a day come in the same headers (seen with OpenAI:
#: `limit-tokens: 1500000`, `reset-tokens: 23h18m29.144s`, community.openai.com/t/541210).
_WINDOW_S = 61.0
#: More than an hour is no pause but a mistake, or a limit that no waiting mends.
_LONGEST_PAUSE_S = 3600.0
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.ASCII)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
#: A pause may be given in milliseconds, in seconds, or as a moment; the first that can be read counts.
_PAUSES: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("retry-after-ms", lambda text: float(text) / 1000),
    ("retry-after", float),
    ("retry-after", lambda text: parsedate_to_datetime(text).timestamp() - time.time()),
)


class Rate(NamedTuple):
    """A limit for a minute and its rest; None where a header is missing or invalid."""

    limit: int | None = None
    rest: int | None = None


class RateHeaders(NamedTuple):
    """The rate-limit headers of one answer. `pause_s` is how long not to ask, in seconds."""

    requests: Rate = Rate()
    tokens: Rate = Rate()
    pause_s: float | None = None


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders:
    """Read `x-ratelimit-*` and `retry-after`; missing, negative, unreadable or contradictory ones are None."""
    return RateHeaders(_rate(headers, "requests"), _rate(headers, "tokens"), _pause_s(headers))


def _rate(headers: Mapping[str, str], kind: str) -> Rate:
    limit = _count(headers.get(f"x-ratelimit-limit-{kind}"))
    rest = _count(headers.get(f"x-ratelimit-remaining-{kind}"))
    whole_in_s = _duration_s(headers.get(f"x-ratelimit-reset-{kind}")) or 0
    if not limit or whole_in_s > _WINDOW_S:
        return Rate()
    return Rate(limit, None if rest is None or rest > limit else rest)


def _pause_s(headers: Mapping[str, str]) -> float | None:
    for name, seconds_in in _PAUSES:
        with contextlib.suppress(ValueError, OverflowError):
            seconds = seconds_in(headers.get(name, ""))
            return seconds if 0 <= seconds <= _LONGEST_PAUSE_S else None
    return None


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None


def _duration_s(text: str | None) -> float | None:
    """Read `1m2.5s`, `20ms` and the like."""
    parts = _PART.findall(text or "")
    if not parts or "".join(map("".join, parts)) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
