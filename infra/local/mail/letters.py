"""The letters that have arrived: kept in a Maildir, listed in the order of their arrival."""

import mailbox
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import msgspec


class Letter(msgspec.Struct, frozen=True, rename={"sender": "from", "recipients": "to"}):
    """One letter. `recipients` are the envelope's (JSON calls them `to`); `received_at` is ISO 8601 in UTC."""

    id: str
    sender: str
    recipients: list[str]
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    attachments: list[str]
    received_at: str


class Letters:
    """All letters of one Maildir; what was there before is read when it is opened."""

    def __init__(self, folder: Path) -> None:
        self._maildir = mailbox.Maildir(folder, create=True)
        stored = sorted(
            ((self._maildir.get_message(key).get_date(), key) for key in self._maildir.iterkeys()),
        )
        self._letters = {key: self._read(key, date) for date, key in stored}

    def keep(self, sender: str, recipients: list[str], content: bytes) -> Letter:
        """Store a letter durably (the Maildir way: written aside, synced, then moved in) and list it."""
        envelope = "".join(f"Delivered-To: {recipient}\r\n" for recipient in recipients)
        message = mailbox.MaildirMessage(f"Return-Path: <{sender}>\r\n{envelope}".encode() + content)
        now = datetime.now(UTC).timestamp()
        message.set_date(now)
        key = self._maildir.add(message)
        self._letters[key] = self._read(key, now)
        return self._letters[key]

    def all(self) -> list[Letter]:
        """Every letter, the oldest first."""
        return list(self._letters.values())

    def get(self, key: str) -> Letter | None:
        """One letter, or None if there is no such."""
        return self._letters.get(key)

    def _read(self, key: str, received: float) -> Letter:
        message = message_from_bytes(self._maildir.get_bytes(key), policy=SMTP)
        return Letter(
            id=key,
            sender=str(message["From"] or ""),
            recipients=[str(value) for value in message.get_all("Delivered-To", [])],
            subject=str(message["Subject"] or ""),
            headers={name: str(value) for name, value in message.items()},
            text=_body(message, "plain"),
            html=_body(message, "html"),
            attachments=[part.get_filename() or "" for part in message.iter_attachments()],
            received_at=datetime.fromtimestamp(received, UTC).isoformat(),
        )


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return "" if part is None else str(part.get_content())
