"""Addresses in settings: a sender or a recipient, with a name or without, as it may stand in a header."""

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*"
#: Words in which nothing is a sign of the header's own, or a quoted text.
_NAME = r"""(?:[^"(),:;<>@\[\]\\]+|"(?:[^"\\]|\\.)+")"""
_ONE = re.compile(rf"(?:{_NAME}\s*<{_SPEC}>|{_SPEC})")
_LONGEST = 320


def as_address(text: str) -> str | None:
    """Return the one address in a text, `name <address>` or bare, quoted where it must be. None if it is none.

    Mail programs take a comma, a colon or a second `@` for a list, and would write to a part of the text.
    """
    if len(text) > _LONGEST or not text.isprintable() or not _ONE.fullmatch(text):
        return None
    name, spec = parseaddr(text)
    try:
        return str(Address(display_name=name, addr_spec=spec))
    except (MessageError, ValueError, IndexError):
        return None
