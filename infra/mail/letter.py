"""Letters, and the messages made of them."""

from dataclasses import dataclass
from datetime import datetime
from email.charset import BASE64, QP, Charset
from email.errors import MessageError
from email.headerregistry import Address
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import SMTP, compat32
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import NamedTuple

from infra.mail.errors import LetterIsRefused


@dataclass(frozen=True)
class Letter:
    """A mail that is sent once: the same letter has the same Message-ID however often it is tried.

    `order` is empty for a letter about no order.
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


class Message(NamedTuple):
    """A letter as servers take it: MIME of plain text and HTML, between two bare addresses."""

    sender: str
    recipient: str
    content: bytes


#: Long ids and links stay in one piece: at the default of 78 the package would encode them. SMTP's longest line is
#: 998 (RFC 5321, 4.5.3.1.6). Text of any script is encoded, since not every server on the way takes eight bits.
_POLICY = SMTP.clone(max_line_length=990, cte_type="7bit")
#: Neither of the two encodings can write it.
_BOUNDARY = "=_alternative"
_LINES = compat32.clone(linesep="\r\n")


def as_message(letter: Letter) -> Message:
    """Return the message of a letter, the same bytes each time; LetterIsRefused if an address is none."""
    try:
        return _message(letter)
    except (ValueError, IndexError, MessageError) as error:
        what = f"The letter cannot be addressed: {type(error).__name__}."
        raise LetterIsRefused(what, code="no usable address") from error


def _message(letter: Letter) -> Message:
    sender, from_line = _sender(letter.sender)
    recipient, to_line = _recipient(letter.recipient)
    headers = [
        _header("Message-ID", letter.message_id),
        _header("Date", format_datetime(letter.written_at)),
        from_line,
        to_line,
        _header("Subject", " ".join(letter.subject.split())),
        _header("X-Pressroom-Order", letter.order) if letter.order else b"",
        _header("X-Pressroom-Mail", letter.kind),
        _header("Auto-Submitted", "auto-generated"),
    ]
    # Beside the body, not in it: the package would parse and fold them anew, which takes longer than all else.
    body = MIMEMultipart(
        "alternative", boundary=_BOUNDARY, _subparts=[_part(letter.text, "plain"), _part(letter.html, "html")]
    )
    content = b"".join(headers) + body.as_bytes(policy=_LINES)
    return Message(sender, recipient, content)


def _part(text: str, subtype: str) -> MIMENonMultipart:
    charset = Charset("utf-8")
    # Quoted-printable writes three characters for each byte that is not ASCII.
    foreign = len(text.encode()) - len(text) > len(text) // 6
    charset.body_encoding = BASE64 if foreign else QP
    part = MIMENonMultipart("text", subtype)
    part.set_payload(text.replace("\r\n", "\n"), charset)
    return part


def _header(name: str, value: str | Address) -> bytes:
    return _POLICY.fold_binary(*_POLICY.header_store_parse(name, value))


@lru_cache(maxsize=64)
def _sender(text: str) -> tuple[str, bytes]:
    address = _address(text)
    return address.addr_spec, _header("From", address)


def _recipient(text: str) -> tuple[str, bytes]:
    """Return a recipient as servers take it, and its header. Dots are quoted that stand where none may."""
    local, _, domain = text.rpartition("@")
    if local and domain and ".." in f".{local}." and not local.startswith('"'):
        quoted = f'"{local}"@{domain}'
        return quoted, _header("To", quoted)
    address = _address(text)
    return address.addr_spec, _header("To", address)


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    address = Address(display_name=name, addr_spec=spec)
    if not (address.username and address.domain and spec.isascii()):
        raise ValueError("It is no address.")
    return address
