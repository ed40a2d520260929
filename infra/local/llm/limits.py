"""Limits of requests and tokens per minute, enforced and told in the headers, as the real provider does it."""

import time
from itertools import cycle
from typing import Literal

#: The limits of OpenAI's largest customers for a small model: wide enough for every test and demo.
REQUESTS, TOKENS = 30_000, 180_000_000
#: Ways to tell limits: servers compatible with OpenAI's leave the headers out, or fill them with anything.
HeaderStyle = Literal["real", "none", "minus", "nonsense"]
_WRONG = {"minus": ("-1",), "nonsense": ("lots", "0", "1e400", "99999999999999999999", "", "³", "never")}


class Limits:
    """Buckets of `requests` and `tokens`: each holds up to a minute's worth and refills steadily."""

    def __init__(self, requests: int = REQUESTS, tokens: int = TOKENS) -> None:
        self._per_minute = {"requests": requests, "tokens": tokens}
        self._levels: dict[str, float] = {"requests": requests, "tokens": tokens}
        self._at = time.monotonic()

    def take(self, **amounts: int) -> float:
        """Take these amounts, or nothing; returns the seconds to wait before they can be taken."""
        wait_s = max(self._wait_s(kind, amount) for kind, amount in amounts.items())
        if not wait_s:
            self._levels = {kind: self._levels[kind] - amount for kind, amount in amounts.items()}
        return wait_s

    def headers(self, style: HeaderStyle = "real") -> dict[str, str]:
        """Return the six `x-ratelimit-*` headers: as they are, none of them, or each `-1` or nonsense."""
        told: dict[str, str] = {}
        for kind, limit in self._per_minute.items():
            told[f"x-ratelimit-limit-{kind}"] = str(limit)
            told[f"x-ratelimit-reset-{kind}"] = f"{self._wait_s(kind, limit):.3f}s"
            told[f"x-ratelimit-remaining-{kind}"] = str(int(self._levels[kind]))
        if style == "none":
            return {}
        return told if style == "real" else dict(zip(told, cycle(_WRONG[style]), strict=False))

    def _wait_s(self, kind: str, amount: int) -> float:
        now = time.monotonic()
        for each, limit in self._per_minute.items():
            self._levels[each] = min(limit, self._levels[each] + (now - self._at) * limit / 60)
        self._at = now
        return max(0.0, (amount - self._levels[kind]) * 60 / self._per_minute[kind])
