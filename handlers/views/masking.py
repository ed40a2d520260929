"""Masks of personal data: enough of it is left to tell whether it is what somebody says."""

import re
from itertools import chain

_MASK = "•••"
_ADDRESS = re.compile(r"[^\s<>()\"',;:@]+@[^\s<>()\"',;:@]+")

#: A frame of a traceback, its lines of code, and behind the last one the type of the error, without its words.
_FRAME = re.compile(r'^( *File "[^"\n]+", line \d+, in \S+)(?:\n {4}.*)*(?:\n([\w.]+)(?=:|$))?', re.MULTILINE)


def masked(text: str) -> str:
    """Return the first sign of a text, and a mask for the rest. Of nothing, nothing."""
    return text and text[:1] + _MASK


def masked_address(address: str) -> str:
    """Return a mail address as `a•••@e•••.org`."""
    local, _, domain = address.rpartition("@")
    host, _, top = domain.rpartition(".")
    return f"{masked(local)}@{masked(host)}.{top}"


def without_addresses(text: str) -> str:
    """Return a text, such as a server's, with each mail address in it masked."""
    return _ADDRESS.sub(lambda found: masked_address(found[0]), text)


def without_words(traceback: str) -> str:
    """Return a traceback's frames and the types of its errors, whose words may quote a customer."""
    found = chain.from_iterable(frame.groups() for frame in _FRAME.finditer(traceback))
    return "\n".join(filter(None, found))
