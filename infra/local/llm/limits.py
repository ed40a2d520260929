"""Requests and tokens per minute, enforced and told in the headers, as the real one does it."""

import time

import msgspec


class Bucket:
    """Holds up to a minute's worth and refills steadily."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._level = float(per_minute)
        self._at = time.monotonic()

    def holds(self, amount: int) -> bool:
        """Whether so much could be taken now."""
        self._refill()
        return self._level >= amount

    def take(self, amount: int) -> None:
        """Take so much."""
        self._refill()
        self._level -= amount

    @property
    def remaining(self) -> int:
        """What is left."""
        self._refill()
        return max(0, int(self._level))

    def wait_s(self, amount: int) -> float:
        """Seconds until so much will be there."""
        self._refill()
        return max(0.0, (amount - self._level) * 60 / self.per_minute)

    def _refill(self) -> None:
        now = time.monotonic()
        self._level = min(self.per_minute, self._level + (now - self._at) * self.per_minute / 60)
        self._at = now


class LimitsWanted(msgspec.Struct, forbid_unknown_fields=True):
    """New limits, as somebody asks for them."""

    requests_per_minute: int
    tokens_per_minute: int

    def __post_init__(self) -> None:
        if min(self.requests_per_minute, self.tokens_per_minute) < 1:
            raise ValueError("limits must be at least 1")


class Limits:
    """Both buckets of one account."""

    def __init__(self, requests_per_minute: int, tokens_per_minute: int) -> None:
        self.requests = Bucket(requests_per_minute)
        self.tokens = Bucket(tokens_per_minute)

    def refuse(self, tokens: int) -> tuple[str, float] | None:
        """The limit that a request of so many tokens would break and the wait it needs; None admits it."""
        for kind, bucket, amount in (("requests", self.requests, 1), ("tokens", self.tokens, tokens)):
            if not bucket.holds(amount):
                return kind, bucket.wait_s(amount)
        self.requests.take(1)
        self.tokens.take(tokens)
        return None

    def headers(self) -> dict[str, str]:
        """The six `x-ratelimit-*` headers."""
        told: dict[str, str] = {}
        for kind, bucket in (("requests", self.requests), ("tokens", self.tokens)):
            told[f"x-ratelimit-limit-{kind}"] = str(bucket.per_minute)
            told[f"x-ratelimit-remaining-{kind}"] = str(bucket.remaining)
            told[f"x-ratelimit-reset-{kind}"] = _duration(bucket.wait_s(bucket.per_minute))
        return told


def _duration(seconds: float) -> str:
    """As OpenAI writes it: `12ms`, `1.2s`, `6m0s`."""
    if seconds < 1:
        return f"{int(seconds * 1000)}ms"
    if seconds < 60:
        return f"{seconds:.3g}s"
    return f"{int(seconds // 60)}m{int(seconds % 60)}s"
