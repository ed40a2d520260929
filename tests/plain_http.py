"""HTTP without TLS, a connection a call.

httpx2's own functions first read every authority that is trusted, which takes ten times as long as the call.
"""

import ssl
from contextlib import AbstractContextManager
from typing import Any

import httpx2

#: Trusts no authority, and is never asked to.
_TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def get(url: str, **options: Any) -> httpx2.Response:
    """Return the answer to a GET."""
    return httpx2.get(url, verify=_TRUST, **options)


def post(url: str, **options: Any) -> httpx2.Response:
    """Return the answer to a POST."""
    return httpx2.post(url, verify=_TRUST, **options)


def request(method: str, url: str, **options: Any) -> httpx2.Response:
    """Return the answer to a request of any method."""
    return httpx2.request(method, url, verify=_TRUST, **options)


def stream(url: str, **options: Any) -> AbstractContextManager[httpx2.Response]:
    """Return the answer to a GET, to be read as it comes within a `with` block."""
    return httpx2.stream("GET", url, verify=_TRUST, **options)
