"""Chromium, and a whole Pressroom with operators' accounts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from infra.accounts import Role
from infra.local.stack import Stack
from infra.passwords import hash_password
from tests.browser.chromium import launched
from tests.handlers.ops.browser import PASSWORD
from tests.pressroom import Pressroom

#: By their names, the roles of the accounts.
ROLES: dict[str, Role] = {"vera": "viewer", "olaf": "operator", "olga": "owner"}
#: The longest wait for something on a page, in milliseconds: orders are written meanwhile.
_PATIENCE_MS = 120_000

SignIn = Callable[[str], Page]


@pytest.fixture(scope="module")
def house(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pressroom]:
    """Every process that an order needs, an account of each role, and all that a brand may grant."""
    tenants = tmp_path_factory.mktemp("brands") / "tenants.toml"
    tenants.write_text("[main]\nfree_remake = true\nwithdrawal_days = 14\n")
    hashed = hash_password(PASSWORD)
    lines = [f"{name} {role} {hashed}" for name, role in ROLES.items()]
    with Pressroom(stack, OPS_USERS="\n".join(lines), TENANTS_FILE=str(tenants)) as running:
        running.start_missing()
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the module."""
    with sync_playwright() as driver:
        browser = launched(driver)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, house: Pressroom) -> Iterator[Page]:
    """An empty page of somebody whom the server does not know. Mistakes of scripts fail the test."""
    context = chromium.new_context(base_url=house.door)
    context.set_default_timeout(_PATIENCE_MS)
    page, mistakes = context.new_page(), []
    page.on("pageerror", lambda error: mistakes.append(str(error)))
    page.on("console", lambda said: mistakes.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    context.close()
    assert mistakes == []


@pytest.fixture(scope="module")
def signed_in() -> dict[str, Any]:
    """By names of operators who have signed in, their cookies: each may do so ten times, then once a minute."""
    return {}


@pytest.fixture
def sign_in(page: Page, signed_in: dict[str, Any]) -> SignIn:
    """Return a function that signs an operator in, as they do it themselves."""

    def enter(name: str) -> Page:
        if name in signed_in:
            page.context.add_cookies(signed_in[name])
            page.goto("/ops/")
            return page
        page.goto("/ops/")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name=f"Sign out {name}").wait_for()
        signed_in[name] = page.context.cookies()
        return page

    return enter
