"""Errors by their remedy: another try, a person who mends our account, or none."""

from typing import final


class PressroomError(Exception):
    """The base of our errors; the text is one sentence that an operator may read."""


class TransientError(PressroomError):
    """A failure outside that may pass: the step is released, and tried again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep `retry_after`: the pause in seconds that the other side asked for, if it did."""
        super().__init__(message)
        self.retry_after = retry_after


class AccountTrouble(TransientError):
    """A server refuses our account, our settings or all that we ask, until a person mends it.

    The work waits, and does not count as failed. The text is the alert's: the cause and its remedy.
    """

    #: The server that refuses: the alert's subject.
    server = ""


class PermanentError(PressroomError):
    """A failure that another try would repeat: the step dies at once and waits for an operator."""


@final
class SettingsError(PressroomError):
    """A setting is missing or malformed; the text names it."""
