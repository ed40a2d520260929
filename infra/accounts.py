"""Accounts of operators, as the setting OPS_USERS names them: one `name role hash` a line."""

import re
from typing import Literal, NamedTuple, get_args

Role = Literal["viewer", "operator", "owner"]
#: From the least to the most. Each may do all that those before it may.
ROLES: tuple[Role, ...] = get_args(Role)

#: The most accounts, and the longest name.
_MOST, _LONGEST = 200, 64
#: A hash by Argon2id (RFC 9106), with its memory in KiB and its passes.
_HASH = re.compile(
    r"\$argon2id\$v=19\$m=([0-9]{1,7}),t=([0-9]{1,3}),p=[0-9]{1,2}\$[\w+/]{11,}\$[\w+/]{22,}", re.ASCII
)
#: The least that OWASP's cheat sheet on the storage of passwords asks for.
_LEAST_KIB, _LEAST_PASSES = 19456, 2


class Account(NamedTuple):
    """Account of an operator."""

    name: str
    role: Role
    hash: str

    def may(self, role: Role) -> bool:
        """Return whether the account may do what that role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


def read_accounts(text: str) -> dict[str, Account]:
    """Return the accounts by their names. ValueError if a line is none, or names one again."""
    accounts = [_account(line.split()) for line in text.splitlines() if line.strip()]
    by_name = {account.name: account for account in accounts}
    if not 1 <= len(by_name) == len(accounts) <= _MOST:
        raise ValueError("Each account needs a name of its own.")
    return by_name


def _account(words: list[str]) -> Account:
    match words:
        case [name, ("viewer" | "operator" | "owner") as role, hashed] if _is_name(name) and _is_strong(hashed):
            return Account(name, role, hashed)
    raise ValueError("An account is a name, a role and a hash.")


def _is_name(name: str) -> bool:
    return len(name) <= _LONGEST and name.isprintable()


def _is_strong(hashed: str) -> bool:
    found = _HASH.fullmatch(hashed)
    return found is not None and int(found[1]) >= _LEAST_KIB and int(found[2]) >= _LEAST_PASSES
