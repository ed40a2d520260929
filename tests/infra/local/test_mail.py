"""The mail server: what smtplib sends is in the inbox, and faults come as asked."""

import smtplib
from collections.abc import Iterator

import pytest

from infra.local.errors import PartError
from infra.local.stack import Stack
from tests import plain_http
from tests.infra.local.post import send_letter


@pytest.fixture
def stack(stack: Stack) -> Iterator[Stack]:
    """The stack, with no fault left over."""
    yield stack
    stack.inbox.clear_faults()


def test_a_letter_is_kept_with_its_headers_and_both_its_texts(stack: Stack) -> None:
    """What was sent is what the inbox shows, down to the extra headers and the dash in the text."""
    send_letter(stack.env["MAIL_URL"], to="kept@example.com", X_Pressroom_Order="cs_test_1")
    (letter,) = stack.inbox.letters(to="kept@example.com")
    assert letter.sender == "Pressroom <press@example.com>"
    assert letter.recipients == ["kept@example.com"]
    assert letter.subject == "Your report"
    assert letter.headers["X-Pressroom-Order"] == "cs_test_1"
    assert letter.text.strip() == "Dear Anna, it is ready — here."
    assert "<a href='https://x.example/a.pdf'>" in letter.html


def test_the_inbox_shows_letters_without_trusting_them(stack: Stack) -> None:
    """Subjects are escaped; a letter's HTML is in a sandboxed frame of a page that runs and fetches nothing."""
    send_letter(stack.env["MAIL_URL"], to="page@example.com", subject="<script>alert(1)</script>")
    shown = plain_http.get(f"{stack.urls.inbox}/")
    assert "page@example.com" in shown.text
    assert "<script>" not in shown.text
    assert "<a href=" not in shown.text
    assert 'sandbox="allow-popups' in shown.text
    assert shown.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_temporary_fault_passes(stack: Stack) -> None:
    """451 twice, then accepted: the letter is there once."""
    stack.inbox.add_fault(code=451, times=2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPDataError, match="451"):
            send_letter(stack.env["MAIL_URL"], to="later@example.com")
    send_letter(stack.env["MAIL_URL"], to="later@example.com")
    assert len(stack.inbox.letters(to="later@example.com")) == 1


def test_an_address_can_be_refused_for_ever(stack: Stack) -> None:
    """550 for one recipient leaves the others alone."""
    stack.inbox.add_fault(code=550, address="gone@example.com")
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            send_letter(stack.env["MAIL_URL"], to="gone@example.com")
    send_letter(stack.env["MAIL_URL"], to="here@example.com")
    assert len(stack.inbox.letters(to="here@example.com")) == 1


def test_an_acceptance_can_be_lost(stack: Stack) -> None:
    """The letter is kept, but the sender sees a broken line instead of the answer."""
    stack.inbox.add_fault(at="lost", times=1)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send_letter(stack.env["MAIL_URL"], to="unsure@example.com")
    assert len(stack.inbox.letters(to="unsure@example.com")) == 1


def test_a_fault_that_makes_no_sense_is_refused(stack: Stack) -> None:
    """An unknown field or code is answered 400 and changes nothing."""
    with pytest.raises(PartError, match="400"):
        stack.inbox.add_fault(code=200)
    with pytest.raises(PartError, match="400"):
        stack.inbox.add_fault(colour="red")


@pytest.mark.parametrize("address", ["a..b@docomo.ne.jp", "x.@docomo.ne.jp", ".x@docomo.ne.jp"])
def test_dots_that_stand_where_none_may_must_be_quoted(stack: Stack, address: str) -> None:
    """As strict servers do, it refuses such an address for good."""
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send_letter(stack.env["MAIL_URL"], to=address)
