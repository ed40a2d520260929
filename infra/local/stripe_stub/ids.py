"""Ids that look like Stripe's."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """`prefix` and so many letters and digits."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))
