"""A letter, and the message that is made of it."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr


@dataclass(frozen=True)
class Letter:
    """What one customer is told once: the same letter has the same Message-ID however often it is sent."""

    kind: str
    order: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    written_at: datetime


def as_message(letter: Letter) -> EmailMessage:
    """Return the letter as a MIME message of plain text and HTML."""
    message = EmailMessage()
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = _address(letter.sender)
    message["To"] = _address(letter.recipient)
    message["Subject"] = " ".join(letter.subject.split())
    message["X-Pressroom-Order"] = letter.order
    message["X-Pressroom-Mail"] = letter.kind
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    return Address(display_name=name, addr_spec=spec)
