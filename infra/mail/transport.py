"""Transports by MAIL_URL."""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from infra.mail.letter import Letter
from infra.mail.ses import SesTransport
from infra.mail.smtp import SmtpTransport


class Transport(Protocol):
    """Sends one letter."""

    host: str

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send within the time left and return the server's answer; blocks."""

    def ping(self) -> None:
        """Return if the server answers; blocks."""


def transport_for(url: str) -> Transport:
    """Return the transport of a MAIL_URL, which the settings have checked; blocks for SES, a large client."""
    parts = urlsplit(url)
    return SesTransport(parts) if parts.scheme == "ses" else SmtpTransport(parts)


@lru_cache(maxsize=1)
def server_of(url: str) -> str:
    """Return the URL of the server itself: for SES that of its region, unless the environment names another."""
    parts = urlsplit(url)
    return SesTransport(parts).url if parts.scheme == "ses" else url
