"""Hosts of addresses: which of them are reached without crossing a public network."""

import ipaddress
from urllib.parse import urlsplit

#: Endings of names that no public server has: those of RFC 6761, 6762 and 8375, and of clouds and clusters.
_INNER = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".svc")


def is_this_machine(url: str) -> bool:
    """Return whether an address names the machine that asks."""
    host = _host(url)
    address = _ip(host)
    return address.is_loopback if address else host == "localhost" or host.endswith(".localhost")


def is_private(url: str) -> bool:
    """Return whether an address names a host of a private network: by its IP, or by a name of one word or so."""
    host = _host(url)
    address = _ip(host)
    return not address.is_global if address else "." not in host or host.endswith(_INNER)


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removesuffix(".")


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
