"""SMTP: one connection a letter, one deadline for the whole of it, the last look right before the final dot."""

import smtplib
import ssl
from collections.abc import Callable
from urllib.parse import SplitResult, unquote

from infra.errors import PermanentError, TransientError
from infra.mail.letter import Letter, as_message

_PING_S = 5.0


class MailServerIsBusy(TransientError):
    """The server cannot take the letter now, or its answer was lost."""


class AddressIsRefused(PermanentError):
    """The server will not take this letter, now or later."""


class SmtpTransport:
    """Sends through `smtp://[user:password@]host[:port]` (STARTTLS if offered) or `smtps://…`."""

    def __init__(self, url: SplitResult) -> None:
        """Nothing is opened before a letter is sent."""
        self._url = url
        self.host = url.hostname or ""

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send and return the server's answer. Blocks, for at most what `seconds_left` says when it begins.

        MailServerIsBusy if the letter was not accepted or nobody knows; AddressIsRefused if it never will be.
        """
        try:
            with self._connection(max(0.1, seconds_left())) as server:
                return self._converse(server, letter, seconds_left)
        except smtplib.SMTPResponseException as error:
            raise _translated(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _translated(code, text) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerIsBusy(f"The mail server was not reached: {type(error).__name__}.") from error

    def ping(self) -> None:
        """Return if the server greets and takes our login; MailServerIsBusy otherwise. Blocks."""
        try:
            with self._connection(_PING_S) as server:
                self._log_in(server)
                server.noop()
        except (smtplib.SMTPException, OSError) as error:
            raise MailServerIsBusy(f"The mail server was not reached: {type(error).__name__}.") from error

    def _connection(self, timeout_s: float) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self._url.port or 465, timeout=timeout_s, context=context)
        server = smtplib.SMTP(self.host, self._url.port or 25, timeout=timeout_s)
        server.ehlo_or_helo_if_needed()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._url.username:
            server.login(unquote(self._url.username), unquote(self._url.password or ""))

    def _converse(self, server: smtplib.SMTP, letter: Letter, seconds_left: Callable[[], float]) -> str:
        self._log_in(server)
        message = as_message(letter)
        _expect(server.mail(message["From"].addresses[0].addr_spec), 250)
        _expect(server.rcpt(message["To"].addresses[0].addr_spec), 250, 251)
        _expect(server.docmd("DATA"), 354)
        body = message.as_bytes()
        # Up to here nothing is promised; past the dot it is sent. Somebody else may send it after the deadline.
        if seconds_left() <= 0:
            server.close()  # a QUIT would be a line of the letter
            raise MailServerIsBusy("The time to send the letter was over before its last line.")
        if server.sock is not None:
            server.sock.settimeout(max(1.0, seconds_left()))
        server.send(_dot_stuffed(body) + b".\r\n")
        return _expect(server.getreply(), 250)


def _dot_stuffed(body: bytes) -> bytes:
    lines = body.replace(b"\r\n.", b"\r\n..")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _expect(reply: tuple[int, bytes], *codes: int) -> str:
    code, text = reply
    if code not in codes:
        raise smtplib.SMTPResponseException(code, text)
    return f"{code} {text.decode('ascii', 'replace')[:200]}"


def _translated(code: int, text: bytes | str) -> MailServerIsBusy | AddressIsRefused:
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    what = f"The mail server answered {code} {said[:200]}"
    return AddressIsRefused(what) if 500 <= code < 600 else MailServerIsBusy(what)
