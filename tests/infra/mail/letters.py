"""Letters to send, each to an address of its own, and what arrives of them."""

import uuid
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from infra.mail.letter import Letter, as_message


def letter(**facts: str) -> Letter:
    """Return a letter to an address of its own."""
    unique = uuid.uuid4().hex
    values = {
        "kind": "completion",
        "order": f"cs_test_{unique * 2}",
        "message_id": f"<{unique}@pressroom.example>",
        "sender": "Pressroom <reports@pressroom.example>",
        "recipient": f"{unique}@customer.example",
        "subject": "Ready",
        "text": "Hello\n.\n..dots\nend\n",
        "html": "<p>Hello</p>",
        **facts,
    }
    return Letter(**values, written_at=datetime(2026, 3, 1, tzinfo=UTC))


def arrived(letter: Letter) -> EmailMessage:
    """Return a letter as a mail program reads its message."""
    return message_from_bytes(as_message(letter).content, policy=SMTP)
