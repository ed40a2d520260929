"""Settings of mail: servers and addresses that cannot work stop the start, and say so without their words."""

import pytest

from infra.errors import SettingsError
from infra.local.stack import Stack
from infra.settings import Settings, read_settings

URLS = [
    "smtp://",
    "smtp://:587",
    "smtp://127.0.0.1:abc",
    "smtp://127.0.0.1:0",
    "smtp://127.0.0.1:70000",
    "smtp://user:p#ss@mail.example",
    "smtp://user:p/ss@mail.example",
    "smtp://user:p?ss@mail.example",
    "smtp://[::1",
    "smtp://mail example",
    "smtp://mäil.example",
    "smtp://mail.example/inbox",
    "smtp://mail.example?tls=perhaps",
    "smtps://mail.example?tls=never",
    "smtp+tls://mail.example",
    "mail.example:25",
    "ses://",
    "ses://eu-west-1?tls=always",
]
ADDRESSES = [
    "Acme, Inc. <reports@acme.example>",
    "Acme: Reports <reports@acme.example>",
    "Acme @ Home <reports@acme.example>",
    "Acme; Home <reports@acme.example>",
    "Acme <reports@acme.example",
    "Acme reports@acme.example",
    "reports@acme@example",
    "reports@",
    "@acme.example",
    "reports",
    "reports@acme..example",
    "reports@-acme.example",
    "rep orts@acme.example",
    "réports@acme.example",
    "reports@äcme.example",
    "Acme\tHome <reports@acme.example>",
    " reports@acme.example",
    "A" * 400 + " <reports@acme.example>",
]


def read(stack: Stack, **facts: str) -> Settings:
    """Read the settings of the stack with those facts."""
    return read_settings({**stack.env, **facts})


def refusal(stack: Stack, **facts: str) -> str:
    """Return the line about settings that are refused."""
    with pytest.raises(SettingsError) as told:
        read(stack, **facts)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("url", URLS)
def test_a_mail_server_that_cannot_be_one_is_refused_at_the_start(stack: Stack, url: str) -> None:
    """The line names the setting, and has nothing of a password."""
    told = refusal(stack, MAIL_URL=url)
    assert "MAIL_URL" in told
    assert "ss@" not in told


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example",
        "smtp://mail.example:587/",
        "smtp://press%40room:a%2Fb%3Ac%40d@mail.example?tls=always",
        "smtp://localhost:25?tls=never",
        "smtp://[::1]:2525",
        "smtps://user:secret@mail.example:465",
        "ses://eu-west-1",
    ],
)
def test_a_mail_server_of_every_kind_is_taken(stack: Stack, url: str) -> None:
    """What the runbook lists is what works."""
    assert read(stack, MAIL_URL=url).mail_url == url


@pytest.mark.parametrize("setting", ["MAIL_FROM", "ALERT_MAIL"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_mail_programs_take_for_another_is_refused(
    stack: Stack, setting: str, address: str
) -> None:
    """Else no mail would ever leave, or from another address, and the start would look well."""
    if setting == "ALERT_MAIL" and address.startswith(" "):
        return  # a list may have blanks
    assert setting in refusal(stack, **{setting: address})


@pytest.mark.parametrize(
    "address",
    ["reports@acme.example", "Acme <reports@acme.example>", '"Acme, Inc." <r@acme.example>', "Zoë <z@localhost>"],
)
def test_an_address_with_a_name_or_without_is_taken(stack: Stack, address: str) -> None:
    """A comma stands in quotes."""
    assert read(stack, MAIL_FROM=address).mail_from == address


def test_alerts_may_go_to_several_addresses(stack: Stack) -> None:
    """They are separated by commas; one that is none is not passed over."""
    assert read(stack, ALERT_MAIL="a@x.example, Bo <b@x.example>").operators == ("a@x.example", "Bo <b@x.example>")
    for wrong in ("a@x.example,", "a@x.example, b", ",", "a@x.example b@x.example"):
        assert "ALERT_MAIL" in refusal(stack, ALERT_MAIL=wrong)
