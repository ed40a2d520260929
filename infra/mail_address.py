"""Address: the mail address that somebody gave, as mail can be sent to it."""

import re
import unicodedata
from difflib import get_close_matches

import idna

_LETTERS = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_ATOM = rf"[{_LETTERS}]+"
_DOMAIN = re.compile(rf"{_ATOM}(\.{_ATOM})*")
#: RFC 5321's local parts: atoms between dots, or printable characters between quotation marks.
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*|\"[ !#-\[\]-~]+\"")
#: Japanese carriers gave out addresses with dots anywhere, which are still alive. Elsewhere such dots are slips.
_DOTTED = re.compile(rf"\.*[A-Za-z0-9][.{_LETTERS}]*")
_CARRIERS = (".ne.jp", ".au.com")
#: RFC 5321, 4.5.3.1: 64 for the local part, 255 for the domain.
_MAX_ADDRESS = 320
#: Where many have their mail, and names that are like one of these and are no slip.
_KNOWN = (
    *("aol.com", "email.com", "freenet.de", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net"),
    *("googlemail.com", "hotmail.com", "hotmail.de", "icloud.com", "live.com", "mail.com", "mail.de", "me.com"),
    *("msn.com", "outlook.com", "outlook.de", "posteo.de", "proton.me", "protonmail.com", "t-online.de", "web.de"),
    *("yahoo.com", "yahoo.de", "ymail.com"),
)
#: One letter too few, too many, wrong, or in another's place: of seven letters and more.
_LIKE = 0.87


def plain_email(given: str | None) -> str | None:
    """Return a mail address as mail can be sent to it, its domain in ASCII. None if it is none."""
    written = "".join(letter for letter in given or "" if unicodedata.category(letter) != "Cf").strip()
    local, _, name = written.rpartition("@")
    domain = _ascii_domain(name) if len(written) <= _MAX_ADDRESS else ""
    known = _LOCAL.fullmatch(local) or (f".{domain}".endswith(_CARRIERS) and _DOTTED.fullmatch(local))
    # An encoded word would be decoded, perhaps to another address.
    plain = known and _DOMAIN.fullmatch(domain) and "=?" not in written
    return f"{local}@{domain}" if plain else None


def likely_address(address: str) -> str | None:
    """Return the address that may be meant by one whose domain is nearly that of a large provider, or None."""
    local, _, domain = address.rpartition("@")
    found = get_close_matches(domain.lower(), _KNOWN, 1, _LIKE)
    return f"{local}@{found[0]}" if found and found[0] != domain.lower() else None


def _ascii_domain(name: str) -> str:
    """Return a domain as it is looked up: in punycode if it has other letters. Empty if there is none such."""
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode()
    except UnicodeError:
        return ""
