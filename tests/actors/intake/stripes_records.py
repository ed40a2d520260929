"""Records of Stripe in a test's hands."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass
class Records:
    """Records of Stripe: these events and sessions, and the times from which they were asked for."""

    sessions: Sequence[dict[str, Any]] = ()
    events: Sequence[dict[str, Any]] = ()
    asked: list[datetime] = field(default_factory=list)
    charged_at: datetime = datetime(2026, 3, 1, tzinfo=UTC)

    async def undelivered_events(self, kinds: list[str], since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the events."""
        assert kinds
        self.asked.append(datetime.fromtimestamp(since).astimezone())
        for one in self.events:
            yield one

    async def complete_sessions(self, since: int) -> AsyncIterator[dict[str, Any]]:
        """Yield the sessions."""
        assert since
        for one in self.sessions:
            yield one

    async def charge(self, intent: str) -> dict[str, Any]:
        """Return the charge of a payment."""
        return {"payment_intent": intent, "created": int(self.charged_at.timestamp())}
