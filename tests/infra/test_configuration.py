"""docs/configuration.md, held against the settings that there are."""

import re

import msgspec

from infra.settings import WebhookSettings
from tests.configuration import PAGE, PROCESSES, entries, page

#: Names that keys, tokens and addresses with a password in them have.
SECRET = re.compile(r"(_KEY|_TOKEN|_SECRET|_USERS|WEBHOOK_URL|MONGODB_URL|REDIS_URL|MAIL_URL)$")


def test_the_reference_says_what_the_settings_are() -> None:
    """The page in the repository is the one that `make configuration` would write now."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_the_reference_marks_secrets_and_names_processes_that_there_are() -> None:
    """Whatever opens something is marked as secret, and nothing else; the function's settings are its own."""
    every = {one.name: one for one in entries()}
    assert {name for name, one in every.items() if one.secret} == {name for name in every if SECRET.search(name)}
    assert all({*one.readers} <= {*PROCESSES} for one in every.values())
    of_the_function = {name for name, one in every.items() if "function" in one.readers}
    assert of_the_function == {field.encode_name for field in msgspec.structs.fields(WebhookSettings)}


def test_every_form_is_told_in_full() -> None:
    """No setting is said to be of a form that has a bound which is not there."""
    assert [one.name for one in entries() if "None" in one.form] == []
