"""Signed links of our own: they do not expire, and work for any holder until the order's token changes."""

from functools import partial

from itsdangerous import BadSignature, Signer

from infra.settings import Settings


class Links:
    """Makes and reads the customer's links of one installation."""

    def __init__(self, settings: Settings) -> None:
        """Sign with the first of the keys in SECRET_KEY, and know links of all. Links begin with PUBLIC_URL."""
        self._base = settings.public_url.rstrip("/")
        # The separator must be none of base64's letters, and no dot: a dot begins a suffix in our paths.
        # itsdangerous signs with the last.
        keys = settings.secret_keys[::-1]
        self._signer = partial(Signer, keys, sep="~")
        self._order, self._gift = self._signer(salt="pressroom.order"), self._signer(salt="pressroom.gift")

    def order(self, token: str) -> str:
        """Return the address of an order's page."""
        return f"{self._base}/orders/{self._order.sign(token).decode()}"

    def gift(self, token: str) -> str:
        """Return the address at which a gift's recipient finds the reports, and nothing else of the order.

        Whoever has it knows the order's token, and cannot sign it as an order's.
        """
        return f"{self._base}/gifts/{self._gift.sign(token).decode()}"

    def report(self, token: str, product: str, *, of_gift: bool) -> str:
        """Return the address of one report, to end in `.pdf`, `.epub` or `/read`, and nothing else of the order.

        Whoever has it knows the order's token, and cannot sign it as an order's, a gift's or another report's.
        """
        signed = self._of_report(product, of_gift=of_gift).sign(token).decode()
        return f"{self._base}/{'gifts' if of_gift else 'orders'}/{signed}/reports/{product}"

    def details(self, token: str) -> str:
        """Return the address of the form for missing details."""
        return f"{self.order(token)}/details"

    def read(self, signed: str) -> str | None:
        """Return the token in an order's link, or None for a link that is not ours (compared in constant time)."""
        return _unsigned(self._order, signed)

    def read_gift(self, signed: str) -> str | None:
        """Return the same of a gift's link."""
        return _unsigned(self._gift, signed)

    def read_report(self, signed: str, product: str, *, of_gift: bool) -> str | None:
        """Return the same of the link of that product's report."""
        return _unsigned(self._of_report(product, of_gift=of_gift), signed)

    def _of_report(self, product: str, *, of_gift: bool) -> Signer:
        return self._signer(salt=f"pressroom.{'gift' if of_gift else 'order'}.report.{product}")


def _unsigned(signer: Signer, signed: str) -> str | None:
    try:
        return signer.unsign(signed).decode()
    except (BadSignature, UnicodeDecodeError):
        return None
