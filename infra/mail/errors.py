"""Errors of transports: a letter is not accepted now, perhaps was, or never will be; or its sender is refused."""

from infra.errors import PermanentError, TransientError


class MailServerIsBusy(TransientError):
    """The letter was not accepted. It may be another time. The text may be the server's words."""

    quotes = True


class MailServerIsAway(MailServerIsBusy):
    """The server was not reached, or serves nobody: whatever letter comes next may end that."""


class MailServerRefusesUs(MailServerIsBusy):
    """The server takes no letter of ours, whomever it is to, until a person mends that.

    A wrong login, a sender that it does not know, a day's limit, a bad name, or no TLS. `code` is the reason
    without the server's words, which may quote.
    """

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the code, such as `553 at MAIL` or `SendingPausedException`."""
        super().__init__(message)
        self.code = code


class AcceptanceIsUnknown(MailServerIsBusy):
    """The letter was handed in, and no answer came. Sent again, it may come twice."""


class LetterIsRefused(PermanentError):
    """This letter will never be taken. `code` is the reason without the server's words, which may quote."""

    quotes = True

    def __init__(self, message: str, *, code: str) -> None:
        """Keep the code, such as `550` or `MessageRejected`."""
        super().__init__(message)
        self.code = code
