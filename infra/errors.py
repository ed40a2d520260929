"""The two kinds of failure that the work knows: worth another try, or not."""

from typing import final


class PressroomError(Exception):
    """An error of ours; its text is one sentence that an operator may read."""


class TransientError(PressroomError):
    """Something outside failed that may work later: released, and tried again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after` is the pause in seconds that the other side asked for, if it did."""
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(PressroomError):
    """Trying again would fail again: the step dies at once and waits for an operator."""


@final
class SettingsError(PressroomError):
    """A setting is missing or malformed; the text names it."""
