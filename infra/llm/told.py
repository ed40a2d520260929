"""What the provider tells about its limits in an answer's headers; what makes no sense is not heard."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import NamedTuple

#: A limit of a minute is whole again within a minute; limits of a day come in the same headers (seen with OpenAI:
#: `limit-tokens: 1500000`, `reset-tokens: 23h18m29.144s`, community.openai.com/t/541210).
_WINDOW_S = 61.0
#: What is more than an hour is no pause but a mistake, or a limit that no waiting mends.
_LONGEST_PAUSE_S = 3600.0
_COUNT = re.compile(r"\d{1,15}", re.ASCII)
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[dhms])", re.ASCII)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class Rate(NamedTuple):
    """A limit for a minute and what is left of it; None where nobody told, or told nonsense."""

    limit: int | None = None
    rest: int | None = None


_NO_RATE = Rate()


@dataclass(frozen=True)
class Told:
    """What one answer's headers say. `pause_s` is how long not to ask, in seconds."""

    requests: Rate = _NO_RATE
    tokens: Rate = _NO_RATE
    pause_s: float | None = None


NOTHING_TOLD = Told()


def told_by(headers: Mapping[str, str]) -> Told:
    """Read `x-ratelimit-*` and `retry-after`; missing, negative, unreadable or contradictory ones say nothing."""
    return Told(_rate(headers, "requests"), _rate(headers, "tokens"), _pause_s(headers))


def _rate(headers: Mapping[str, str], kind: str) -> Rate:
    limit = _count(headers.get(f"x-ratelimit-limit-{kind}"))
    rest = _count(headers.get(f"x-ratelimit-remaining-{kind}"))
    whole_in_s = _duration_s(headers.get(f"x-ratelimit-reset-{kind}")) or 0
    if not limit or whole_in_s > _WINDOW_S:
        return _NO_RATE
    if rest is None or rest > limit:
        return Rate(limit)
    return Rate(limit, rest)


def _pause_s(headers: Mapping[str, str]) -> float | None:
    for name, divisor in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, "")) / divisor
        except ValueError:
            continue
        return seconds if 0 <= seconds <= _LONGEST_PAUSE_S else None
    try:
        seconds = parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= _LONGEST_PAUSE_S else None


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and _COUNT.fullmatch(text) else None


def _duration_s(text: str | None) -> float | None:
    """Read `1m2.5s`, `20ms` and the like."""
    parts = _PART.findall(text or "")
    if not parts or "".join(map("".join, parts)) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
