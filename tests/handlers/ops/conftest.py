"""A web process with accounts, and browsers of those who are signed in."""

from collections.abc import Callable, Iterator

import pytest

from infra.accounts import Role
from infra.local.stack import Stack
from infra.passwords import hash_password
from tests.handlers.ops.browser import PASSWORD, Browser
from tests.pressroom import Pressroom

#: By their names, the roles of the accounts.
ROLES: dict[str, Role] = {"vera": "viewer", "olaf": "operator", "olga": "owner"}


@pytest.fixture(scope="module")
def hashed() -> str:
    """The hash of every account's password: each takes some time."""
    return hash_password(PASSWORD)


@pytest.fixture(scope="module")
def house(stack: Stack, hashed: str) -> Iterator[Pressroom]:
    """A web process with an account of each role, and nothing else."""
    lines = [f"{name} {role} {hashed}" for name, role in ROLES.items()]
    with Pressroom(stack, OPS_USERS="\n".join(lines), TRUSTED_PROXIES="127.0.0.1") as running:
        running.start("web")
        yield running


@pytest.fixture(scope="module")
def browser_of(house: Pressroom) -> Callable[[str], Browser]:
    """Return the browser of an account that has signed in: once, since that takes some time."""
    browsers: dict[str, Browser] = {}

    def browser(name: str) -> Browser:
        if name not in browsers:
            browsers[name] = Browser(house.stack.urls.web)
            assert browsers[name].sign_in(name).status_code == 303
        return browsers[name]

    return browser
