"""Types of the limiter: limits, reservations and outcomes."""

from typing import Literal, NamedTuple

from infra.llm.rate_headers import RateHeaders

#: A pause that the provider asks for is obeyed up to this long (seconds): longer ones are for limits of a day, and
#: one nonsense header must not close an installation.
LONGEST_PAUSE_S = 300.0


class Limits(NamedTuple):
    """The most that may be asked for in a minute."""

    requests: int
    tokens: int


class Terms(NamedTuple):
    """The settings' terms. `timeout_s` is the longest that a call takes, `margin_s` the records around it.

    `silence_s` is the longest that a worker is not heard of while it lives.
    """

    limits: Limits
    timeout_s: float
    margin_s: float = 30.0
    silence_s: float = 15.0

    @property
    def longest_s(self) -> float:
        """Return how long an unsettled call of a worker that lives is counted as in the air, in seconds."""
        return self.timeout_s + self.margin_s

    @property
    def lease_s(self) -> float:
        """Return how long one is counted that its worker does not renew, in seconds."""
        return min(self.silence_s, self.longest_s)

    @property
    def ceiling(self) -> int:
        """Return the most calls that can be in the air: all of the requests, each taking as long as it may."""
        return max(1, round(self.limits.requests * self.timeout_s / 60))


class Reservation(NamedTuple):
    """Room for one call. `at` is when it was given, in ms of the clock that gave it.

    `marks` are how many requests and tokens had been given by then, its own included.
    """

    id: str
    tokens: int
    at: int
    marks: Limits = Limits(0, 0)


class Counted(NamedTuple):
    """Count of all workers: the limits that hold in a minute, and how much of each was given since it began.

    `in_line` are the workers that wait for room, `pause_s` what is left of a pause that the provider asked for.
    While it refuses the account, one call at a time tries (`is_shut`).
    """

    limits: Limits
    given: Limits
    in_the_air: int
    most_in_the_air: int
    in_line: int
    pause_s: float
    is_shut: bool


class Wait(NamedTuple):
    """A refusal: there is no room for so many seconds, as far as is known."""

    seconds: float


class Outcome(NamedTuple):
    """The outcome of a call: `refused` is a 429, `failed` any other answer or none, `unsent` never left us.

    `shut` is a refusal that every other call would meet as well: one at a time is let out until one is answered.

    `used` tokens are input and output as they were counted in the end; None if unknown.
    """

    kind: Literal["answered", "refused", "failed", "unsent", "shut"]
    used: int | None = None
    headers: RateHeaders = RateHeaders()
