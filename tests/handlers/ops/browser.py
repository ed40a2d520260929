"""Browser of an operator, as far as headers, cookies and forms go."""

import re
from contextlib import AbstractContextManager

import httpx2

from tests import plain_http

PASSWORD = "correct horse battery staple"


class Browser:
    """Keeps cookies, and sends forms from the pages that it is on."""

    def __init__(self, url: str, address: str | None = None) -> None:
        """Look at the server at `url`, from `address` if a proxy tells the server one."""
        self.url = url
        self.cookies: dict[str, str] = {}
        self._forwarded = {"X-Forwarded-For": address} if address else {}

    def get(self, path: str) -> httpx2.Response:
        """Return a page."""
        return plain_http.get(self.url + path, headers=self._headers(), timeout=30)

    def stream(self, path: str, **headers: str) -> AbstractContextManager[httpx2.Response]:
        """Return an answer that goes on, within a `with` block."""
        return plain_http.stream(self.url + path, headers={**self._headers(), **headers}, timeout=60)

    def post(self, path: str, origin: str | None = None, **fields: str) -> httpx2.Response:
        """Send a form, from a page of the server's own unless `origin` names another."""
        headers = {**self._headers(), "Origin": origin or self.url}
        answer = plain_http.post(self.url + path, headers=headers, data=fields, timeout=30)
        self.cookies |= dict(answer.cookies)
        return answer

    def sign_in(self, name: str, password: str = PASSWORD, path: str = "/ops/sign-in") -> httpx2.Response:
        """Fill in the form, and send it."""
        return self.post(path, name=name, password=password)

    def form_key(self) -> str:
        """Return the key that our forms carry for who is signed in."""
        found = re.search(r'name="form_key" value="(\w+)"', self.get("/ops/").text)
        assert found is not None
        return found[1]

    def quote(self, path: str) -> str:
        """Return the fingerprint of the quote on a page."""
        found = re.search(r'name="quote" value="(\w+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def _headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookies, **self._forwarded}
