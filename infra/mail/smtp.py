"""SMTP: one connection a letter, one deadline for the whole of it, the last look right before the final dot."""

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from urllib.parse import SplitResult, unquote

from infra.mail.errors import LetterIsRefused, MailServerIsBusy
from infra.mail.letter import Letter, as_message

_PING_S = 5.0
#: The longer time in which a server may answer the final dot: a lost acceptance is a second letter.
_ANSWER_S = 10.0


class SmtpTransport:
    """Sends through `smtp://[user:password@]host[:port]` (STARTTLS if offered) or `smtps://…`.

    Certificates are checked, and a password is sent over TLS only.
    """

    def __init__(self, url: SplitResult) -> None:
        self._url = url
        self.host = url.hostname or ""

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send and return the server's answer. Blocks, at most for the first `seconds_left()` and 10 s more.

        MailServerIsBusy if it was not accepted or the answer was lost; LetterIsRefused if it never will be.
        """
        message = as_message(letter)
        deadline = time.monotonic() + seconds_left()
        with _translating(), self._connection(deadline) as server:
            _ask(server, deadline, lambda: server.mail(message.sender), 250)
            _ask(server, deadline, lambda: server.rcpt(message.recipient), 250, 251)
            _ask(server, deadline, lambda: server.docmd("DATA"), 354)
            body = _dot_stuffed(message.content)
            # The dot sends the letter. After the deadline another worker may send it, so this is the last look.
            if seconds_left() <= 0:
                server.close()  # a QUIT would be a line of the letter
                raise MailServerIsBusy("The time to send the letter was over before its last line.")
            server.send(body + b".\r\n")
            return _ask(server, deadline + _ANSWER_S, server.getreply, 250)

    def ping(self) -> None:
        """Return if the server greets and takes our login; MailServerIsBusy otherwise. Blocks."""
        with _translating(), self._connection(time.monotonic() + _PING_S) as server:
            server.noop()

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[smtplib.SMTP]:
        server = self._connect(_left(deadline))
        try:
            server.ehlo_or_helo_if_needed()
            if self._url.scheme == "smtp" and server.has_extn("starttls"):
                server.starttls(context=self._tls)
            self._log_in(server)
            yield server
        finally:
            # Its answer is not waited for: an accepted letter must be recorded in any case.
            with suppress(smtplib.SMTPException, OSError):
                server.putcmd("QUIT")
            server.close()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Return the context, made once and only if needed: reading the authorities takes longer than a letter."""
        return ssl.create_default_context()

    @cached_property
    def _name(self) -> str:
        """Return our own host name, looked up once: resolvers may be slow."""
        return smtplib.SMTP().local_hostname

    def _connect(self, timeout_s: float) -> smtplib.SMTP:
        if self._url.scheme == "smtps":
            port = self._url.port or 465
            return smtplib.SMTP_SSL(self.host, port, self._name, timeout=timeout_s, context=self._tls)
        return smtplib.SMTP(self.host, self._url.port or 25, self._name, timeout=timeout_s)

    def _log_in(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if not self._url.username:
            return
        if not isinstance(server.sock, ssl.SSLSocket):
            raise MailServerIsBusy("The mail server offers no TLS, without which no password is sent.")
        server.login(unquote(self._url.username), unquote(self._url.password or ""))


@contextmanager
def _translating() -> Iterator[None]:
    """Raise errors of greeting, TLS and login as MailServerIsBusy: they are no fault of the letter's."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        what = f"The mail server does not serve us: {type(error).__name__} {error.smtp_code}."
        raise MailServerIsBusy(what) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerIsBusy(f"The mail server was not reached: {type(error).__name__}.") from error


def _left(deadline: float) -> float:
    return max(0.1, deadline - time.monotonic())


def _dot_stuffed(body: bytes) -> bytes:
    lines = body.replace(b"\r\n.", b"\r\n..")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _ask(server: smtplib.SMTP, deadline: float, command: Callable[[], tuple[int, bytes]], *expected: int) -> str:
    if server.sock is not None:
        server.sock.settimeout(_left(deadline))
    code, text = command()
    said = f"{code} {text.decode('ascii', 'replace')[:200]}"
    if code in expected:
        return said
    what = f"The mail server answered {said}"
    raise LetterIsRefused(what, code=str(code)) if 500 <= code < 600 else MailServerIsBusy(what)
