"""The SMTP transport against a real SMTP server."""

import socket
import uuid

import pytest

from infra.local.mail.letters import Letter as Received
from infra.local.ports import HOST
from infra.local.stack import Stack
from infra.mail.errors import AcceptanceIsUnknown, LetterIsRefused, MailServerIsAway, MailServerIsBusy
from infra.mail.letter import Letter, as_message
from infra.mail.smtp import SmtpTransport
from infra.mail.url import read_mail_url
from tests.infra.mail.letters import letter


def transport(stack: Stack) -> SmtpTransport:
    """Return the transport to the stack's mail server."""
    return SmtpTransport(read_mail_url(stack.env["MAIL_URL"]))


def received(stack: Stack, sent: Letter) -> list[Received]:
    """Return what arrived for the letter's recipient."""
    return stack.inbox.letters(to=sent.recipient)


def test_a_letter_arrives_as_it_was_written(stack: Stack) -> None:
    """Text with lonely dots, the ids and the headers come through whole, and the server's answer is returned."""
    sent = letter()
    assert transport(stack).send(sent, lambda: 10.0).startswith("250")
    (arrived,) = received(stack, sent)
    assert arrived.text.replace("\r\n", "\n") == sent.text
    assert arrived.headers["Message-ID"] == sent.message_id
    assert arrived.headers["X-Pressroom-Order"] == sent.order
    assert arrived.headers["X-Pressroom-Mail"] == "completion"


def test_names_of_any_script_arrive(stack: Stack) -> None:
    """A subject and a sender's name in any script are encoded and come back the same."""
    sent = letter(subject="تقريرك جاهز – 準備完了", sender="Zoë Ørsted <reports@pressroom.example>")
    transport(stack).send(sent, lambda: 10.0)
    (arrived,) = received(stack, sent)
    assert arrived.subject == sent.subject


def test_a_header_cannot_be_injected(stack: Stack) -> None:
    """A line break in a subject or a name makes no second header."""
    sent = letter(subject="Hi\r\nBcc: victim@customer.example", sender="A\r\nBcc: x <reports@pressroom.example>")
    transport(stack).send(sent, lambda: 10.0)
    (arrived,) = received(stack, sent)
    assert "Bcc" not in arrived.headers


@pytest.mark.parametrize(("code", "error"), [(451, MailServerIsBusy), (550, LetterIsRefused)])
def test_a_servers_no_is_now_or_for_ever(stack: Stack, code: int, error: type[Exception]) -> None:
    """A 4xx may pass and a 5xx will not; neither leaves a letter."""
    sent = letter()
    stack.inbox.add_fault(code=code, address=sent.recipient, times=1)
    with pytest.raises(error, match=str(code)):
        transport(stack).send(sent, lambda: 10.0)
    assert received(stack, sent) == []


def test_a_letter_is_not_sent_after_its_deadline(stack: Stack) -> None:
    """When the time is over before the final dot, the server never gets it: somebody else may be sending it."""
    sent = letter()
    left = iter([10.0, 0.0])
    with pytest.raises(MailServerIsBusy, match="time"):
        transport(stack).send(sent, lambda: next(left))
    assert received(stack, sent) == []


def test_a_server_that_is_not_there_is_busy() -> None:
    """No connection means later, not never."""
    with pytest.raises(MailServerIsBusy):
        SmtpTransport(read_mail_url("smtp://127.0.0.1:1")).send(letter(), lambda: 2.0)


def test_a_letter_whose_acceptance_was_lost_is_the_same_letter_again(stack: Stack) -> None:
    """Who never hears the answer after the final dot takes the server for busy; the repeat has the same id."""
    sent = letter()
    stack.inbox.add_fault(at="lost", address=sent.recipient, times=1)
    with pytest.raises(AcceptanceIsUnknown, match="no answer"):
        transport(stack).send(sent, lambda: 10.0)
    transport(stack).send(sent, lambda: 10.0)
    assert [one.headers["Message-ID"] for one in received(stack, sent)] == [sent.message_id] * 2


def test_a_server_that_hangs_is_left_at_the_deadline() -> None:
    """A server that takes the connection and says nothing costs the time that there was."""
    with socket.create_server((HOST, 0)) as hung:
        hanging = SmtpTransport(read_mail_url(f"smtp://{HOST}:{hung.getsockname()[1]}"))
        with pytest.raises(MailServerIsAway, match="not reached"):
            hanging.send(letter(), lambda: 0.3)


@pytest.mark.parametrize("recipient", ["", "nobody", "@customer.example", "a@"])
def test_what_is_no_address_is_refused(stack: Stack, recipient: str) -> None:
    """A letter to nowhere is refused for good before any server is asked, and its words are not repeated."""
    with pytest.raises(LetterIsRefused, match=r"^The letter cannot be addressed: \w+\.$"):
        transport(stack).send(letter(recipient=recipient), lambda: 10.0)


def test_a_letter_in_any_script_needs_no_more_than_seven_bits() -> None:
    """Whatever a customer is called, each line is ASCII and short enough for every server on the way."""
    source = as_message(letter(text="عزيزي أحمد\n" * 50, html=f"<p>{'山田太郎' * 2000}</p>")).content
    assert source.isascii()
    assert max(map(len, source.splitlines())) <= 998


@pytest.mark.parametrize("local", ["da.me..i", "x.", ".x", '"john smith"'])
def test_a_letter_to_an_old_carriers_address_arrives(stack: Stack, local: str) -> None:
    """A server is told it in quotation marks, without which its dots are a mistake."""
    domain = f"{uuid.uuid4().hex}.ne.jp"
    transport(stack).send(letter(recipient=f"{local}@{domain}"), lambda: 10.0)
    (arrived,) = stack.inbox.letters(to=f"{local}@{domain}")
    assert arrived.subject == "Ready"
