"""Transports by MAIL_URL."""

from collections.abc import Callable
from functools import lru_cache
from typing import Protocol

from infra.mail.letter import Letter
from infra.mail.ses import SesTransport
from infra.mail.smtp import SmtpTransport
from infra.mail.url import read_mail_url
from infra.settings import Settings


class Transport(Protocol):
    """Sends one letter."""

    host: str

    def send(self, letter: Letter, seconds_left: Callable[[], float]) -> str:
        """Send within the time left and return the server's answer; blocks."""

    def ping(self, sender: str, *recipients: str) -> None:
        """Return if the server would take a letter from one to the others; blocks, and sends none."""


def transport_for(settings: Settings) -> Transport:
    """Return the transport to the mail server that the settings name; blocks for SES, a large client."""
    url = read_mail_url(settings.mail_url)
    return SesTransport(url) if url.scheme == "ses" else SmtpTransport(url, live=settings.stripe_livemode)


@lru_cache(maxsize=1)
def server_of(url: str) -> str:
    """Return the URL of the server itself: for SES that of its region, unless the environment names another."""
    mail = read_mail_url(url)
    return SesTransport(mail).url if mail.scheme == "ses" else url
