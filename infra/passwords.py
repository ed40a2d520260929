"""Passwords of operators, hashed by Argon2id (RFC 9106)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

#: The longest that is looked at.
LONGEST = 1000
#: RFC 9106's second choice, which the library has by default: 64 MiB, three passes, some 50 ms.
_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the hash of a password, with a salt of its own."""
    return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Return whether a password has that hash. False takes as long for no hash: that of an unknown account."""
    try:
        _HASHER.verify(hashed or _nobodys(), password)
    except VerificationError:
        return False
    return hashed is not None


@cache
def _nobodys() -> str:
    return hash_password("of an account that does not exist")
