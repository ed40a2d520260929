"""The SMTP transport's TLS and login, against aiosmtpd with a certificate of the test's own authority."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from infra.local.ports import HOST
from infra.mail.errors import MailServerRefusesUs
from infra.mail.smtp import SmtpTransport
from infra.mail.url import read_mail_url
from tests.infra.mail.authority import make_authority
from tests.infra.mail.letters import letter
from tests.ports import free_ports

#: A password that must be quoted in a URL.
_USER, _PASSWORD, _QUOTED = b"press@room", b"a/b:c@d", "press%40room:a%2Fb%3Ac%40d"

Serve = Callable[..., AbstractContextManager[str]]


class Box:
    """Keeps what arrives, by the hook that aiosmtpd calls."""

    def __init__(self) -> None:
        """Be empty."""
        self.letters: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keep the letter."""
        self.letters.append(envelope.original_content or b"")
        return "250 OK"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The files of an authority's certificate, and of one that it gave this host, with its key."""
    return make_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's TLS, under an authority that this process trusts."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority[0]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority[1])
    return context


@contextmanager
def serving(box: Box, *, login: bool = True, **options: Any) -> Iterator[str]:
    """A mail server that asks for a login over TLS; its host and port."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (_USER, _PASSWORD), handled=False)

    port = free_ports(1)[0]
    options |= {"auth_required": login and "tls_context" in options, "authenticator": check}
    server = Controller(box, hostname=HOST, port=port, server_hostname=HOST, **options)
    server.start()
    yield f"{HOST}:{port}"
    server.stop()


class Rude(Box):
    """Takes a letter, and says no to a goodbye."""

    async def handle_QUIT(self, *_: Any) -> str:  # noqa: N802
        """Say no."""
        return "554 You may not leave"


def test_a_letter_that_was_accepted_is_sent_whatever_the_server_says_next() -> None:
    """An odd answer to the end of the conversation does not make an accepted letter go out again."""
    with serving(Rude()) as where:
        assert transport(f"smtp://{where}").send(letter(), lambda: 10.0) == "250 OK"


def transport(url: str) -> SmtpTransport:
    """Return the transport of that URL."""
    return SmtpTransport(read_mail_url(url))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_over_tls_after_a_login(trusted: ssl.SSLContext, scheme: str) -> None:
    """By STARTTLS or by TLS from the start, with a password that is quoted in the URL."""
    box = Box()
    tls = {"tls_context": trusted} if scheme == "smtp" else {"ssl_context": trusted, "auth_require_tls": False}
    with serving(box, **tls) as where:
        transport(f"{scheme}://{_QUOTED}@{where}").ping("Press <a@b.example>", "c@d.example")
        assert transport(f"{scheme}://{_QUOTED}@{where}").send(letter(), lambda: 10.0) == "250 OK"
    assert len(box.letters) == 1


def test_a_server_under_another_authority_gets_nothing(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot prove to be the host of MAIL_URL hears neither login nor letter."""
    box = Box()
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(box, tls_context=trusted) as where, pytest.raises(MailServerRefusesUs, match="certificate"):
        transport(f"smtp://{_QUOTED}@{where}").send(letter(), lambda: 10.0)
    assert box.letters == []


def test_a_password_is_not_sent_in_the_clear() -> None:
    """A server that offers a login without TLS does not get it: somebody may have taken the offer of TLS away."""
    with serving(Box(), auth_require_tls=False) as where, pytest.raises(MailServerRefusesUs, match="no TLS"):
        transport(f"smtp://{_QUOTED}@{where}").send(letter(), lambda: 10.0)


def test_a_wrong_password_is_a_persons_to_mend(trusted: ssl.SSLContext) -> None:
    """The letter waits: it is not the letter that is refused, and the password is not in the error."""
    with serving(Box(), tls_context=trusted) as where, pytest.raises(MailServerRefusesUs, match=r" 535\.$"):
        transport(f"smtp://{_USER.decode().replace('@', '%40')}:wrong@{where}").send(letter(), lambda: 10.0)


def test_a_server_that_wants_a_login_that_is_not_set_refuses(trusted: ssl.SSLContext) -> None:
    """Without a user in MAIL_URL nobody logs in, and the server's 530 is about us, not about the letter."""
    with serving(Box(), tls_context=trusted) as where, pytest.raises(MailServerRefusesUs, match="530"):
        transport(f"smtp://{where}").send(letter(), lambda: 10.0)


@pytest.mark.parametrize("required", ["?tls=always", "live"])
def test_a_letter_is_not_sent_in_the_clear_where_tls_is_required(required: str) -> None:
    """By the URL, or since real customers are written to: the server that offers none gets nothing."""
    box = Box()
    with serving(box, auth_require_tls=False) as where:
        # The same machine under an address that does not say so.
        elsewhere = where.replace(HOST, "0.0.0.0")  # noqa: S104
        url = f"smtp://{where}{required}" if required != "live" else f"smtp://{elsewhere}"
        with pytest.raises(MailServerRefusesUs, match="offers no TLS"):
            SmtpTransport(read_mail_url(url), live=required == "live").send(letter(), lambda: 10.0)
    assert box.letters == []


def test_tls_is_not_asked_of_a_server_on_this_machine() -> None:
    """Nobody listens on the way to it, in live mode too."""
    box = Box()
    with serving(box) as where:
        SmtpTransport(read_mail_url(f"smtp://{where}"), live=True).send(letter(), lambda: 10.0)
    assert len(box.letters) == 1


def test_tls_can_be_done_without(authority: tuple[Path, Path]) -> None:
    """A relay inside with a certificate of its own is written to in the clear, if MAIL_URL says so."""
    box, context = Box(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority[1])
    with serving(box, tls_context=context, login=False) as where:
        SmtpTransport(read_mail_url(f"smtp://{where}?tls=never"), live=True).send(letter(), lambda: 10.0)
    assert len(box.letters) == 1
