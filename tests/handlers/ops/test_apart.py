"""Operators' pages and customers' pages in processes of their own."""

import pytest

from infra.local.environment import outer_environment
from tests import commands, plain_http
from tests.handlers.ops.browser import Browser
from tests.ports import free_ports
from tests.pressroom import PRESSROOM, Pressroom

_CUSTOMERS, _OPERATORS = ("/", "/webhooks/stripe"), ("/ops/sign-in",)


@pytest.mark.parametrize(
    ("only", "there", "missing"), [("customers", _CUSTOMERS, _OPERATORS), ("operators", _OPERATORS, _CUSTOMERS)]
)
def test_a_process_serves_only_its_own_pages(
    house: Pressroom, only: str, there: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    """Nothing of the others is there, and each has its probes."""
    (port,) = free_ports(1)
    house.start("web", "--only", only, "--port", str(port))
    statuses = {path: plain_http.get(f"http://127.0.0.1:{port}{path}").status_code for path in (*there, *missing)}
    assert {statuses[path] for path in there} <= {200, 405}
    assert {statuses[path] for path in missing} == {404}
    assert plain_http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    if only == "operators":
        assert Browser(f"http://127.0.0.1:{port}").sign_in("olga").status_code == 303


def test_operators_pages_without_operators_are_refused(house: Pressroom) -> None:
    """One line names the setting that is missing."""
    env = {**outer_environment(), **house.stack.env, **house.env}
    del env["OPS_USERS"]
    done = commands.run(env, PRESSROOM, "web", "--only", "operators", "--port", "0")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "OPS_USERS" in done.err
