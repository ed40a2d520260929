"""Errors of two kinds: worth another try, or not."""

from typing import final


class PressroomError(Exception):
    """The base of our errors; the text is one sentence that an operator may read."""


class TransientError(PressroomError):
    """A failure outside that may pass: the step is released, and tried again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep `retry_after`: the pause in seconds that the other side asked for, if it did."""
        super().__init__(message)
        self.retry_after = retry_after


class PermanentError(PressroomError):
    """A failure that another try would repeat: the step dies at once and waits for an operator."""


@final
class SettingsError(PressroomError):
    """A setting is missing or malformed; the text names it."""
