"""Letters to send, each to an address of its own."""

import uuid
from datetime import UTC, datetime

from infra.mail.letter import Letter


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
