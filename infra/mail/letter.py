"""A letter, and the message that is made of it."""

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from infra.mail.errors import LetterIsRefused


@dataclass(frozen=True)
class Letter:
    """What somebody is told once: the same letter has the same Message-ID however often it is sent.

    `order` is empty where it is about none.
    """

    kind: str
    order: str
    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    written_at: datetime


#: Long ids and links stay in one piece: at the default of 78 the package would encode them. SMTP's longest line is
#: 998 (RFC 5321, 4.5.3.1.6). Text of any script is encoded, since not every server on the way takes eight bits.
_POLICY = SMTP.clone(max_line_length=990, cte_type="7bit")


def as_message(letter: Letter) -> EmailMessage:
    """Return the letter as a MIME message of plain text and HTML; LetterIsRefused if an address is none."""
    try:
        return _message(letter)
    except (ValueError, IndexError, MessageError) as error:
        what = f"The letter cannot be addressed: {type(error).__name__}."
        raise LetterIsRefused(what, code="no usable address") from error


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage(policy=_POLICY)
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(letter.written_at)
    message["From"] = _address(letter.sender)
    message["To"] = _address(letter.recipient)
    message["Subject"] = " ".join(letter.subject.split())
    if letter.order:
        message["X-Pressroom-Order"] = letter.order
    message["X-Pressroom-Mail"] = letter.kind
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    address = Address(display_name=name, addr_spec=spec)
    if not (address.username and address.domain):
        raise ValueError("It is no address.")
    return address
