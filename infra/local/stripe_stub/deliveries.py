"""What became of each attempt to deliver an event."""

from dataclasses import dataclass


@dataclass
class Delivery:
    """One attempt. `status` is None where no answer came, and `error` says why. `at` is Unix time."""

    event: str
    type: str
    attempt: int
    at: float
    status: int | None = None
    answer: str = ""
    error: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether the other side took it."""
        return self.status is not None and 200 <= self.status < 300
