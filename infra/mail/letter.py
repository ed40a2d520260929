"""A letter, and the message that is made of it."""

from base64 import encodebytes
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from quopri import encodestring
from typing import NamedTuple

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


class Message(NamedTuple):
    """A letter as servers take it: MIME of plain text and HTML, between two bare addresses."""

    sender: str
    recipient: str
    content: bytes


#: Long ids and links stay in one piece: at the default of 78 the package would encode them. SMTP's longest line is
#: 998 (RFC 5321, 4.5.3.1.6). Text of any script is encoded, since not every server on the way takes eight bits.
_POLICY = SMTP.clone(max_line_length=990, cte_type="7bit")
#: Neither of the two encodings can write it.
_BOUNDARY = b"=_alternative"


def as_message(letter: Letter) -> Message:
    """Return the message of a letter, the same bytes each time; LetterIsRefused if an address is none."""
    try:
        return _message(letter)
    except (ValueError, IndexError, MessageError) as error:
        what = f"The letter cannot be addressed: {type(error).__name__}."
        raise LetterIsRefused(what, code="no usable address") from error


def _message(letter: Letter) -> Message:
    sender, from_line = _sender(letter.sender)
    recipient = _address(letter.recipient)
    headers = [
        _header("Message-ID", letter.message_id),
        _header("Date", format_datetime(letter.written_at)),
        from_line,
        _header("To", recipient),
        _header("Subject", " ".join(letter.subject.split())),
        _header("X-Pressroom-Order", letter.order) if letter.order else b"",
        _header("X-Pressroom-Mail", letter.kind),
    ]
    # The package would parse and fold these lines anew for every letter: four times the work of all else.
    content = b"""%bAuto-Submitted: auto-generated\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="%b"\r
\r
%b%b--%b--\r
""" % (b"".join(headers), _BOUNDARY, _part(b"plain", letter.text), _part(b"html", letter.html), _BOUNDARY)
    return Message(sender, recipient.addr_spec, content)


def _part(subtype: bytes, text: str) -> bytes:
    body = b"".join(line + b"\r\n" for line in text.encode().splitlines())
    printable, base64 = encodestring(body), encodebytes(body).replace(b"\n", b"\r\n")
    encoding, encoded = min((b"quoted-printable", printable), (b"base64", base64), key=lambda way: len(way[1]))
    return b"""--%b\r
Content-Type: text/%b; charset="utf-8"\r
Content-Transfer-Encoding: %b\r
\r
%b\r
""" % (_BOUNDARY, subtype, encoding, encoded)


def _header(name: str, value: str | Address) -> bytes:
    return _POLICY.fold_binary(*_POLICY.header_store_parse(name, value))


@lru_cache(maxsize=64)
def _sender(text: str) -> tuple[str, bytes]:
    address = _address(text)
    return address.addr_spec, _header("From", address)


def _address(text: str) -> Address:
    name, spec = parseaddr(text)
    address = Address(display_name=name, addr_spec=spec)
    if not (address.username and address.domain):
        raise ValueError("It is no address.")
    return address
