"""Cases 15 to 19: signing secrets that change while orders come in."""

import time
from collections.abc import Iterator

import pytest

from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests.commands import run
from tests.handlers.webhook_cases.cases import NOTHING, PLACED, as_bytes, left, mac_of, post
from tests.pressroom import PRESSROOM, Pressroom

OLD, NEW = "whsec_of_last_year", "whsec_of_this_year"


@pytest.fixture(scope="module")
def processes(stack: Stack) -> Iterator[Pressroom]:
    """No process yet: each case starts the front door with its secrets."""
    with Pressroom(stack) as running:
        running.pretend_to_sweep()
        yield running


def open_with(processes: Pressroom, secrets: str) -> Pressroom:
    """Return an empty front door that knows those secrets, the former one closed."""
    processes.forget()
    for part in processes.parts:
        part.terminate()
    processes.start("web", STRIPE_WEBHOOK_SECRET=secrets)
    return processes


def post_signed(door: Pressroom, *secrets: str) -> int:
    """Post a paid order with one signature of each secret, and return the answer's status."""
    body, now = as_bytes(door.event()), int(time.time())
    return post(
        door, body, ",".join([f"t={now}", *(f"v1={mac_of(door, body, now, one)}" for one in secrets)])
    ).status


def test_case_15_while_secrets_rotate(processes: Pressroom) -> None:
    """While both secrets are known, what either signed is taken, and what both signed makes one event."""
    door = open_with(processes, f"{OLD},{NEW}")
    for secrets in ((OLD, NEW), (OLD,), (NEW,)):
        assert post_signed(door, *secrets) == 200
        assert left(door) == PLACED
        door.forget()


def test_case_16_after_secrets_rotated(processes: Pressroom) -> None:
    """Once only the new secret is known, the retired one signs nothing any more, alone or beside garbage."""
    door = open_with(processes, NEW)
    for secrets in ((OLD,), (OLD, "whsec_other")):
        assert post_signed(door, *secrets) == 400
        assert left(door) == NOTHING
    assert post_signed(door, OLD, NEW) == 200
    assert left(door) == PLACED


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param("", id="case-19 no secret"),
        pytest.param("whsec_a,", id="case-19 nothing after the comma"),
        pytest.param("whsec_a\n", id="case-19 a newline after the secret"),
    ],
)
def test_an_empty_secret_stops_the_start(processes: Pressroom, secrets: str) -> None:
    """With a secret that everybody can guess the web process ends with 2, and says in one line why."""
    env = {**outer_environment(), **processes.stack.env, "STRIPE_WEBHOOK_SECRET": secrets}
    code, out, err = run(env, PRESSROOM, "web", "--port", "0")
    assert (code, out) == (2, "")
    assert "STRIPE_WEBHOOK_SECRET" in err
    assert err.count("\n") == 1
    assert "whsec_" not in err
