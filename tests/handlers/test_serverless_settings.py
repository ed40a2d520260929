"""The start of the serverless function with settings that cannot work."""

import pytest

from tests.commands import run
from tests.serverless import LAMBDA, NOWHERE, RUNTIME


@pytest.mark.parametrize("name", NOWHERE)
def test_a_missing_setting_is_named_and_nothing_starts(name: str) -> None:
    """Each of the four settings is needed, and the error that ends the start names the one that is missing."""
    settings = {key: value for key, value in NOWHERE.items() if key != name}
    assert ends_with(settings) == f"infra.errors.SettingsError: The setting {name} is missing."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URL", "mongodb://pressroom:hunter2@[db/pressroom"),
        ("MONGODB_URL", "mongodb://pressroom:hun@ter2@db/pressroom"),
        ("MONGODB_URL", "mongodb://pressroom:hunter2@db/pressroom?tlsCAFile=/hunter2.pem"),
        ("MONGODB_URL", "hunter2"),
        ("REDIS_URL", "redis://:hunter2#1@cache:6379/0"),
        ("REDIS_URL", "redis://:[hunter2@cache:6379/0"),
        ("REDIS_URL", "redis://:hunter2@cache:6379/0?socket_timeout=hunter2"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_hunter2,"),
        ("STRIPE_LIVEMODE", "hunter2"),
    ],
)
def test_a_malformed_setting_is_named_and_never_shown(name: str, value: str) -> None:
    """The error that ends the start names the setting, and nothing that is written quotes its value."""
    last = ends_with({**NOWHERE, name: value})
    assert last.startswith("infra.errors.SettingsError: ")
    assert name in last


def ends_with(settings: dict[str, str]) -> str:
    """Return the last line of a start that fails, in whose output no password is."""
    done = run({**LAMBDA, **settings}, RUNTIME[-1:])
    assert done.code != 0
    assert "hunter2" not in done.out + done.err
    return done.err.splitlines()[-1]
