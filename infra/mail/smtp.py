"""SMTP: one connection a letter, one deadline for the whole of it, the last look right before the final dot."""

import smtplib
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parseaddr
from functools import cached_property, partial

from infra.mail.errors import AcceptanceIsUnknown, MailServerIsAway, MailServerIsBusy, MailServerRefusesUs
from infra.mail.host_name import own_host_name
from infra.mail.letter import Letter, as_message
from infra.mail.replies import Reply, refuse
from infra.mail.url import MailUrl

_PING_S = 5.0
#: The longer time in which a server may answer the final dot: a lost acceptance is a second letter.
_ANSWER_S = 10.0
#: The first digits of replies: done, go on, and no.
_DONE, _GO_ON, _NO = 2, 3, (4, 5)


class SmtpTransport:
    """Sends through `smtp://[user:password@]host[:port]` (STARTTLS) or `smtps://…` (TLS from the start).

    STARTTLS is used where it is offered. With a login or `?tls=always` nothing is sent without it, nor if `live`
    unless the server is on this machine; with `?tls=never` it is not asked for. Certificates are checked.
    """

    def __init__(self, url: MailUrl, *, live: bool = False) -> None:
        self._url = url
        self.host = url.host
        self._needs_tls = url.tls == "always" or bool(url.user) or (live and not url.is_here)
        self._name = own_host_name()

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send and return the server's answer. Blocks, at most for the first `seconds_left()` and 10 s more.

        MailServerIsBusy if it was not accepted, MailServerRefusesUs if none would be, AcceptanceIsUnknown if the
        answer was lost; LetterIsRefused if this one never will be.
        """
        message = as_message(letter)
        deadline = time.monotonic() + seconds_left()
        with _translating(), self._connection(deadline) as server:
            _ask(server, deadline, "MAIL", lambda: server.mail(message.sender))
            _ask(server, deadline, "RCPT", lambda: server.rcpt(message.recipient))
            _ask(server, deadline, "DATA", lambda: server.docmd("DATA"), _GO_ON)
            body = _dot_stuffed(message.content)
            # The dot sends the letter. After the deadline another worker may send it, so this is the last look.
            if seconds_left() <= 0:
                server.close()  # a QUIT would be a line of the letter
                raise MailServerIsBusy("The time to send the letter was over before its last line.")
            server.send(body + b".\r\n")
            return _hear_out(server, deadline + _ANSWER_S)

    def ping(self, sender: str, *recipients: str) -> None:
        """Return if the server takes login, sender and recipients; errors as in `send`. Sends nothing. Blocks."""
        deadline = time.monotonic() + _PING_S
        with _translating(), self._connection(deadline) as server:
            _ask(server, deadline, "MAIL", lambda: server.mail(parseaddr(sender)[1]))
            for recipient in recipients:
                _ask(server, deadline, "RCPT", partial(server.rcpt, parseaddr(recipient)[1]))

    @contextmanager
    def _connection(self, deadline: float) -> Iterator[smtplib.SMTP]:
        server = self._connect(_left(deadline))
        try:
            server.ehlo_or_helo_if_needed()
            self._start_tls(server)
            if self._url.user:
                server.login(self._url.user, self._url.password)
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

    def _connect(self, timeout_s: float) -> smtplib.SMTP:
        if self._url.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self._url.port, self._name, timeout=timeout_s, context=self._tls)
        return smtplib.SMTP(self.host, self._url.port, self._name, timeout=timeout_s)

    def _start_tls(self, server: smtplib.SMTP) -> None:
        if self._url.scheme == "smtps" or self._url.tls == "never":
            return
        if server.has_extn("starttls"):
            server.starttls(context=self._tls)
            server.ehlo_or_helo_if_needed()
        elif self._needs_tls:
            what = "The mail server offers no TLS, without which nothing is sent to it (MAIL_URL)."
            raise MailServerRefusesUs(what, code="no TLS")


@contextmanager
def _translating() -> Iterator[None]:
    """Raise errors of greeting, TLS and login as such of the server: they are no fault of the letter's."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        what = f"The mail server's certificate is not to be trusted: {error.verify_message}."
        raise MailServerRefusesUs(what, code="bad certificate") from error
    except smtplib.SMTPResponseException as error:
        what = f"The mail server does not serve us: {type(error).__name__} {error.smtp_code}."
        if 500 <= error.smtp_code < 600:
            stage = "the login" if isinstance(error, smtplib.SMTPAuthenticationError) else "the greeting"
            raise MailServerRefusesUs(what, code=f"{error.smtp_code} at {stage}") from error
        raise MailServerIsAway(what) from error
    except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
        raise MailServerIsAway(f"The mail server was not reached: {type(error).__name__}.") from error
    except smtplib.SMTPException as error:
        what = "The mail server takes no login of a kind that we know."
        raise MailServerRefusesUs(what, code="no login") from error
    except OSError as error:
        raise MailServerIsAway(f"The mail server was not reached: {type(error).__name__}.") from error


def _left(deadline: float) -> float:
    return max(0.1, deadline - time.monotonic())


def _dot_stuffed(body: bytes) -> bytes:
    lines = body.replace(b"\r\n.", b"\r\n..")
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _ask(
    server: smtplib.SMTP, deadline: float, stage: str, command: Callable[[], tuple[int, bytes]], wish: int = _DONE
) -> str:
    if server.sock is not None:
        server.sock.settimeout(_left(deadline))
    reply = Reply(stage, *command())
    return str(reply) if reply.code // 100 == wish else refuse(reply)


def _hear_out(server: smtplib.SMTP, deadline: float) -> str:
    """Return the answer to a letter that was sent to its end; AcceptanceIsUnknown if none comes, or nonsense."""
    if server.sock is not None:
        server.sock.settimeout(_left(deadline))
    try:
        reply = Reply("the end", *server.getreply())
    except OSError as error:
        what = f"The mail server had the letter and gave no answer: {type(error).__name__}."
        raise AcceptanceIsUnknown(what) from error
    if reply.code // 100 in _NO:
        refuse(reply)
    if reply.code // 100 != _DONE:
        raise AcceptanceIsUnknown(f"The mail server had the letter and answered {reply}")
    return str(reply)
