"""What a mail server's no means: this letter's, all of ours, or not now. By the stage and the enhanced code."""

from collections.abc import Iterator

import pytest

from infra.local.stack import Stack
from infra.mail.errors import (
    AcceptanceIsUnknown,
    LetterIsRefused,
    MailServerIsAway,
    MailServerIsBusy,
    MailServerRefusesUs,
)
from infra.mail.smtp import SmtpTransport
from infra.mail.url import read_mail_url
from tests.infra.mail.letters import letter


@pytest.fixture
def stack(stack: Stack) -> Iterator[Stack]:
    """The stack, with no fault left over."""
    yield stack
    stack.inbox.clear_faults()


OURS = [
    ("hello", 554, ""),
    ("hello", 550, "5.7.1"),
    ("sender", 553, ""),
    ("sender", 550, "5.1.8"),
    ("sender", 550, "5.1.1"),
    ("sender", 530, "5.7.0"),
    ("recipient", 550, "5.4.5"),
    ("recipient", 550, "5.7.1"),
    ("recipient", 550, "5.1.90"),
    ("recipient", 550, "5.1.8"),
    ("recipient", 553, "5.1.7"),
    ("recipient", 550, "5.2.0"),
    ("recipient", 550, "5.3.2"),
    ("recipient", 530, "5.5.1"),
    ("recipient", 554, ""),
    ("recipient", 503, ""),
    ("letter", 554, "5.7.1"),
    ("letter", 550, "5.7.708"),
    ("letter", 550, "5.4.5"),
    ("letter", 554, ""),
    ("letter", 550, ""),
]
THE_LETTERS = [
    ("recipient", 550, ""),
    ("recipient", 551, ""),
    ("recipient", 553, ""),
    ("recipient", 550, "5.0.0"),
    ("recipient", 550, "5.5.0"),
    ("recipient", 550, "5.1.1"),
    ("recipient", 550, "5.1.2"),
    ("recipient", 553, "5.1.3"),
    ("recipient", 501, "5.1.3"),
    ("recipient", 550, "5.2.1"),
    ("recipient", 556, "5.1.10"),
    ("letter", 550, "5.1.1"),
    ("letter", 554, "5.6.0"),
]
NOT_NOW = [
    ("sender", 450, "4.7.1"),
    ("recipient", 450, "4.2.0"),
    ("recipient", 451, "4.7.1"),
    ("recipient", 452, "4.2.2"),
    ("recipient", 552, "5.2.2"),
    ("recipient", 552, ""),
    ("recipient", 550, "4.4.1"),
    ("letter", 552, "5.2.2"),
    ("letter", 452, ""),
]
MEANT = [
    *((*told, MailServerRefusesUs) for told in OURS),
    *((*told, LetterIsRefused) for told in THE_LETTERS),
    *((*told, MailServerIsBusy) for told in NOT_NOW),
    ("hello", 421, "", MailServerIsAway),
]


@pytest.mark.parametrize(("at", "code", "enhanced", "error"), MEANT)
def test_a_no_is_the_letters_or_ours_or_one_for_now(
    stack: Stack, at: str, code: int, enhanced: str, error: type[Exception]
) -> None:
    """A customer's address is blamed for what is said about it alone, and no letter gets through."""
    sent = letter()
    stack.inbox.add_fault(at=at, code=code, enhanced=enhanced)
    with pytest.raises(MailServerIsBusy if error is not LetterIsRefused else error) as told:
        SmtpTransport(read_mail_url(stack.env["MAIL_URL"])).send(sent, lambda: 10.0)
    assert type(told.value) is error
    assert stack.inbox.letters(to=sent.recipient) == []


def test_the_code_of_a_refusal_says_the_stage_without_the_servers_words(stack: Stack) -> None:
    """An alert may show it: no address is in it."""
    stack.inbox.add_fault(at="sender", code=553, enhanced="5.7.1", times=1)
    with pytest.raises(MailServerRefusesUs) as told:
        SmtpTransport(read_mail_url(stack.env["MAIL_URL"])).send(letter(), lambda: 10.0)
    assert told.value.code == "553 at MAIL"


def test_a_letter_whose_answer_is_lost_may_have_been_accepted(stack: Stack) -> None:
    """That is said, since a repeat may be a second letter."""
    sent = letter()
    stack.inbox.add_fault(at="lost", address=sent.recipient, times=1)
    with pytest.raises(AcceptanceIsUnknown):
        SmtpTransport(read_mail_url(stack.env["MAIL_URL"])).send(sent, lambda: 10.0)


@pytest.mark.parametrize(
    ("at", "address", "error"),
    [("sender", "reports@pressroom.example", MailServerRefusesUs), ("recipient", "me@x.example", LetterIsRefused)],
)
def test_a_ping_finds_a_sender_or_an_operator_whom_the_server_does_not_take(
    stack: Stack, at: str, address: str, error: type[Exception]
) -> None:
    """The doctor hears of it before any letter does, and sends none."""
    server = SmtpTransport(read_mail_url(stack.env["MAIL_URL"]))
    facts = ("Pressroom <reports@pressroom.example>", "you@x.example", "Me <me@x.example>")
    server.ping(*facts)
    stack.inbox.add_fault(at=at, address=address, code=550)
    with pytest.raises(error):
        server.ping(*facts)
    assert [stack.inbox.letters(to=one) for one in ("you@x.example", "me@x.example")] == [[], []]
