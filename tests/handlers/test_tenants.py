"""TENANTS_FILE at the doors: a process that cannot use it does not start, one that can serves its brands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests import plain_http
from tests.commands import run
from tests.pressroom import PRESSROOM, Pressroom
from tests.serverless import LAMBDA, NOWHERE, RUNTIME

BRANDS = """
[aurora]
name = "Aurora Letters"
logo = "aurora.svg"

[main]
products = ["life_clarity"]
"""
COMMANDS = (("web",), ("sweep",), ("worker", "bundle"), ("orders", "list"), ("doctor",))


@pytest.fixture(scope="module")
def brands(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pressroom]:
    """The web process of an installation of two brands."""
    folder = tmp_path_factory.mktemp("brands")
    (folder / "aurora.svg").write_text("<svg/>")
    (folder / "tenants.toml").write_text(BRANDS)
    with Pressroom(stack, TENANTS_FILE=str(folder / "tenants.toml")) as running:
        running.start("web")
        yield running


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_tenants_file_that_cannot_be_used_stops_the_start(
    stack: Stack, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Every command says in one line what is wrong, and ends with 2."""
    file = tmp_path / "tenants.toml"
    file.write_text("[aurora]\nlimit = 'many'")
    code, out, err = run({**outer_environment(), **stack.env, "TENANTS_FILE": str(file)}, PRESSROOM, *command)
    assert (code, out) == (2, "")
    assert err.startswith("pressroom: TENANTS_FILE: tenant aurora: limit ")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "what"),
    [(None, "TENANTS_FILE cannot be read"), ("[a]\nproducts = ['x']", "TENANTS_FILE: tenant a: products: ")],
    ids=["missing", "product"],
)
def test_the_function_does_not_start_either(tmp_path: Path, text: str | None, what: str) -> None:
    """The webhook alone reads the file too, and knows what is sold."""
    file = tmp_path / "tenants.toml"
    if text is not None:
        file.write_text(text)
    done = run({**LAMBDA, **NOWHERE, "TENANTS_FILE": str(file)}, RUNTIME[-1:])
    assert done.err.splitlines()[-1].startswith(f"infra.errors.SettingsError: {what}")


def test_an_order_is_shown_under_its_brand(brands: Pressroom) -> None:
    """The order names its tenant, and the customer's page has that tenant's name and picture."""
    order = brands.order(brands.buy(metadata={"product": "life_clarity", "tenant": "aurora"}))
    assert (order["tenant"], order["state"]) == ("aurora", "awaiting_details")
    page = plain_http.get(f"{order['url']}/details", timeout=10)
    assert page.status_code == 200
    assert 'alt="Aurora Letters"' in page.text
    assert 'src="data:image/svg+xml;base64,' in page.text


def test_the_shop_sells_what_main_may_sell(brands: Pressroom) -> None:
    """Whatever main may not sell is not offered, has no page, and cannot be ordered."""
    url = brands.stack.urls.web
    assert "/products/life_clarity" in plain_http.get(url, timeout=10).text
    assert plain_http.get(f"{url}/products/life_clarity", timeout=10).status_code == 200
    assert "bundle" not in plain_http.get(url, timeout=10).text
    assert plain_http.get(f"{url}/products/bundle", timeout=10).status_code == 404
    assert plain_http.post(f"{url}/checkout", data={"product": "bundle"}, timeout=10).status_code == 404


def test_the_doctor_names_the_brands(brands: Pressroom) -> None:
    """The tenants are the doctor's first finding, with where they come from."""
    first = brands.json("doctor", "clock")[0]
    assert first == {"server": "tenants", "well": True, "finding": "TENANTS_FILE: aurora, main"}
