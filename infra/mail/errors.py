"""What a transport says of a letter that was not accepted: later, or never."""

from infra.errors import PermanentError, TransientError


class MailServerIsBusy(TransientError):
    """The letter cannot be taken now, or its acceptance was not heard of; a wrong login is a person's to mend."""


class LetterIsRefused(PermanentError):
    """This letter will not be taken, now or later. `code` says why without the server's words: they may quote."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the code, such as `550` or `MessageRejected`."""
        super().__init__(message)
        self.code = code
