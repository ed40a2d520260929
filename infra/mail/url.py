"""MAIL_URL: the mail server that it names, checked."""

import ipaddress
import re
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from infra.errors import SettingsError

_SES = re.compile(r"ses://[a-z0-9-]+", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._:-]+", re.ASCII)
#: The forms of a MAIL_URL, in words.
FORM = "smtp://[user:password@]host[:port], smtps://… or ses:// and a region of SES alone, as in ses://eu-west-1"
_PORTS = {"smtp": 25, "smtps": 465}
_TLS: dict[str, Literal["always", "never"] | None] = {"": None, "tls=always": "always", "tls=never": "never"}


class MailUrl(NamedTuple):
    """Parts of a MAIL_URL. Of SES only the host is used, which is its region.

    `tls` is None where STARTTLS is left to the server's offer, unless something else requires it.
    """

    scheme: str
    host: str
    port: int = 0
    user: str = ""
    password: str = ""
    tls: Literal["always", "never"] | None = None

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine, so that nobody can listen to what goes there."""
        try:
            return self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_mail_url(url: str) -> MailUrl:
    """Return the parts of a MAIL_URL. SettingsError, without the URL's words, if it cannot be one."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "ses":
            return _read_ses(url, parts)
        return _read_smtp(parts, parts.port)
    except ValueError:  # a port that is no number, or a bracket
        hint = "in a password, signs such as : / ? # [ are quoted"
        raise SettingsError(f"MAIL_URL must be {FORM}; {hint}.") from None


def _read_ses(url: str, parts: SplitResult) -> MailUrl:
    if not _SES.fullmatch(url):
        raise SettingsError("MAIL_URL must name a region of SES alone, as in ses://eu-west-1.")
    return MailUrl("ses", parts.netloc)


def _read_smtp(parts: SplitResult, port: int | None) -> MailUrl:
    if parts.scheme not in _PORTS or not _HOST.fullmatch(parts.hostname or "") or port == 0:
        raise ValueError
    if parts.path.strip("/") or parts.fragment:
        raise ValueError
    if parts.query not in _TLS or (parts.query and parts.scheme == "smtps"):
        raise SettingsError("MAIL_URL may end in ?tls=always or ?tls=never after smtp://…, and in nothing else.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (user + password).isascii():
        raise SettingsError("MAIL_URL must have a user and a password in ASCII: the mail client sends no others.")
    return MailUrl(
        parts.scheme, parts.hostname or "", port or _PORTS[parts.scheme], user, password, _TLS[parts.query]
    )
