"""Signed links of our own: they do not expire, and work for any holder until the order's token changes."""

from itsdangerous import BadSignature, Signer

from infra.settings import Settings


class Links:
    """Makes and reads the customer's links of one installation."""

    def __init__(self, settings: Settings) -> None:
        """Sign with the first of the keys in SECRET_KEY, and know links of all. Links begin with PUBLIC_URL."""
        self._base = settings.public_url.rstrip("/")
        # The separator must be none of base64's letters, and no dot: a dot begins a suffix in our paths.
        # itsdangerous signs with the last.
        self._signer = Signer(settings.secret_keys[::-1], salt="pressroom.order", sep="~")

    def order(self, token: str) -> str:
        """Return the address of an order's page."""
        return f"{self._base}/orders/{self._signer.sign(token).decode()}"

    def details(self, token: str) -> str:
        """Return the address of the form for missing details."""
        return f"{self.order(token)}/details"

    def report(self, token: str, product: str) -> str:
        """Return the address from which a report is downloaded."""
        return f"{self.order(token)}/reports/{product}.pdf"

    def read(self, signed: str) -> str | None:
        """Return the order's token, or None for a link that is not ours (compared in constant time)."""
        try:
            return self._signer.unsign(signed).decode()
        except (BadSignature, UnicodeDecodeError):
            return None
