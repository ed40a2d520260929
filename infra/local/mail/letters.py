"""Letters that have arrived: kept in a Maildir, listed in the order of their arrival."""

import mailbox
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import msgspec


class Letter(msgspec.Struct, frozen=True, rename={"sender": "from", "recipients": "to"}):
    """One letter. `recipients` are the envelope's (JSON calls them `to`); `received_at` is ISO 8601 in UTC."""

    sender: str
    recipients: list[str]
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    received_at: str


class Letters:
    """`all` letters of one Maildir, the oldest first."""

    def __init__(self, folder: Path) -> None:
        self._maildir = mailbox.Maildir(folder)
        self.all = sorted(map(self._read, self._maildir.keys()), key=lambda letter: letter.received_at)

    def keep(self, recipients: list[str], content: bytes) -> None:
        """Store a letter durably (the Maildir way: written aside, synced, then moved in) and list it."""
        envelope = "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients)
        key = self._maildir.add(mailbox.MaildirMessage(envelope.encode() + content))
        self.all.append(self._read(key))

    def _read(self, key: str) -> Letter:
        message = message_from_bytes(self._maildir.get_bytes(key), policy=SMTP)
        return Letter(
            sender=str(message["From"] or ""),
            recipients=[str(value) for value in message.get_all("Delivered-To", [])],
            subject=str(message["Subject"] or ""),
            headers={name: str(value) for name, value in message.items()},
            text=_body(message, "plain"),
            html=_body(message, "html"),
            received_at=datetime.fromtimestamp(self._maildir.get_message(key).get_date(), UTC).isoformat(),
        )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content())
