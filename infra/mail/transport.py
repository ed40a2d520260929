"""Which transport a MAIL_URL names."""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from infra.errors import SettingsError
from infra.mail.letter import Letter
from infra.mail.smtp import SmtpTransport


class Transport(Protocol):
    """Sends one letter."""

    host: str

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send within the time left and return the server's answer; blocks."""

    def ping(self) -> None:
        """Return if the server answers; blocks."""


def transport_for(url: str) -> Transport:
    """Return the transport; SettingsError for one that is not built."""
    parts = urlsplit(url)
    if parts.scheme in {"smtp", "smtps"}:
        return SmtpTransport(parts)
    raise SettingsError("MAIL_URL names a transport that Pressroom does not have yet; use smtp:// or smtps://.")
