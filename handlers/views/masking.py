"""Masks of personal data: enough of it is left to tell whether it is what somebody says."""

import re

_MASK = "•••"
_ADDRESS = re.compile(r"[^\s<>()\"',;:@]+@[^\s<>()\"',;:@]+")


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
