"""Errors of transports: a letter is not accepted now, or never will be."""

from infra.errors import PermanentError, TransientError


class MailServerIsBusy(TransientError):
    """The letter cannot be taken now, or the answer was lost. A wrong login counts too: a person mends it."""


class LetterIsRefused(PermanentError):
    """This letter will never be taken. `code` is the reason without the server's words, which may quote."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the code, such as `550` or `MessageRejected`."""
        super().__init__(message)
        self.code = code
