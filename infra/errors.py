"""Errors by their remedy: another try, a person who mends our account, or none."""

import re
from typing import ClassVar, final


class PressroomError(Exception):
    """The base of our errors. The text is one sentence, which goes into logs, alerts and pages.

    It quotes nothing from outside, which may name a customer or hold a password. A note may, by `add_note`: it
    is in the traceback of a dead letter, and nowhere else. So are the words of an error whose class `quotes`.
    """

    quotes: ClassVar[bool] = False


def describe(error: BaseException) -> str:
    """Return an error in words that quote nothing: the sentence of one of ours, the type of any other."""
    ours = isinstance(error, PressroomError) and not error.quotes
    return str(error) if ours else f"{type(error).__name__}."


def code_of(given: object) -> str:
    """Return a code that a vendor gave, or `unknown` for what is none: a sentence may quote."""
    text = str(given)
    return text if re.fullmatch(r"[\w.-]{1,64}", text, re.ASCII) else "unknown"


class TransientError(PressroomError):
    """A failure outside that may pass: the step is released, and tried again."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep `retry_after`: the least pause in seconds, if the other side asked for one or a try costs money."""
        super().__init__(message)
        self.retry_after = retry_after


class AccountTrouble(TransientError):
    """A server refuses our account, our settings or all that we ask, until a person mends it.

    The work waits, and does not count as failed. The text is the alert's: the cause and its remedy.
    """

    #: The time after which the work is tried again.
    again_in_s: ClassVar[float] = 30.0
    #: Whether it may pass by itself: nobody is told of it then.
    may_pass = False

    def __init__(self, message: str, *, server: str) -> None:
        """Keep the server that refuses, or the sender whom it refuses: the alert's subject."""
        super().__init__(message)
        self.server = server


class PermanentError(PressroomError):
    """A failure that another try would repeat: the step dies at once and waits for an operator."""


@final
class SettingsError(PressroomError):
    """Settings are missing or malformed; the text names each on a line of its own."""
