"""The SMTP transport's TLS and login, against aiosmtpd with a certificate of the test's own authority."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope

from infra.local.ports import HOST
from infra.mail.errors import LetterIsRefused, MailServerIsBusy
from infra.mail.smtp import SmtpTransport
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
def serving(box: Box, **options: Any) -> Iterator[str]:
    """A mail server that asks for a login; its host and port."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, login: Any) -> AuthResult:
        return AuthResult(success=(login.login, login.password) == (_USER, _PASSWORD), handled=False)

    port = free_ports(1)[0]
    options |= {"auth_required": "tls_context" in options, "authenticator": check}
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
    return SmtpTransport(urlsplit(url))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_a_letter_goes_over_tls_after_a_login(trusted: ssl.SSLContext, scheme: str) -> None:
    """By STARTTLS or by TLS from the start, with a password that is quoted in the URL."""
    box = Box()
    tls = {"tls_context": trusted} if scheme == "smtp" else {"ssl_context": trusted, "auth_require_tls": False}
    with serving(box, **tls) as where:
        transport(f"{scheme}://{_QUOTED}@{where}").ping()
        assert transport(f"{scheme}://{_QUOTED}@{where}").send(letter(), lambda: 10.0) == "250 OK"
    assert len(box.letters) == 1


def test_a_server_under_another_authority_gets_nothing(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who cannot prove to be the host of MAIL_URL hears neither login nor letter."""
    box = Box()
    monkeypatch.delenv("SSL_CERT_FILE")
    with serving(box, tls_context=trusted) as where, pytest.raises(MailServerIsBusy, match="Verification"):
        transport(f"smtp://{_QUOTED}@{where}").send(letter(), lambda: 10.0)
    assert box.letters == []


def test_a_password_is_not_sent_in_the_clear() -> None:
    """A server that offers a login without TLS does not get it: somebody may have taken the offer of TLS away."""
    with serving(Box(), auth_require_tls=False) as where, pytest.raises(MailServerIsBusy, match="no TLS"):
        transport(f"smtp://{_QUOTED}@{where}").send(letter(), lambda: 10.0)


def test_a_wrong_password_is_a_persons_to_mend(trusted: ssl.SSLContext) -> None:
    """The letter waits: it is not the letter that is refused, and the password is not in the error."""
    with serving(Box(), tls_context=trusted) as where, pytest.raises(MailServerIsBusy, match=r" 535\.$"):
        transport(f"smtp://{_USER.decode().replace('@', '%40')}:wrong@{where}").send(letter(), lambda: 10.0)


def test_a_server_that_wants_a_login_that_is_not_set_refuses(trusted: ssl.SSLContext) -> None:
    """Without a user in MAIL_URL nobody logs in, and the server's 530 is the operator's."""
    with serving(Box(), tls_context=trusted) as where, pytest.raises(LetterIsRefused, match="530"):
        transport(f"smtp://{where}").send(letter(), lambda: 10.0)
