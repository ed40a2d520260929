"""A claim on a step, as its holder knows it, and the ways in which it ends without a result."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from storage.claims import fence_step
from storage.database import Database, Document
from storage.steps import results_for


class ClaimIsLost(Exception):
    """Somebody else has the step now: what we were doing on it is over."""


class WorkerStops(Exception):
    """The step goes back as it is, which is nobody's failure, and is due again after `again_in_s`.

    Raised as it is, it says that this process was told to end before the step had bought anything.
    """

    again_in_s = 0.0


class Claim:
    """A claimed step, and the epoch at which we hold it. `order` is the order as read before the claim.

    `limit` ends the work when it takes too long, until there is something in hand that must not be lost.
    """

    limit: asyncio.Timeout | None = None

    def __init__(
        self, db: Database, step: Document, order: Document, found: dict[str, Document] | None = None
    ) -> None:
        """Hold the step at the epoch of the claim; `found` are results by step id that were read since."""
        self._db = db
        self._found = found or {}
        self.step = step
        self.order = order
        self.epoch: int = step["epoch"]

    async def results(self) -> dict[str, Document]:
        """Return the results of what the step needs, by step id; NeedsAreGone if a replay has taken one back."""
        found, self._found = self._found, {}  # who asks again asks MongoDB
        if all(need in found for need in self.step["needs"]):
            return {need: found[need] for need in self.step["needs"]}
        return await results_for(self._db, self.step)

    async def fence(self, until: datetime) -> None:
        """T11: renew it right before something is bought; ClaimIsLost if it is not ours any more."""
        if not await fence_step(self._db, self.step, self.epoch, until):
            raise ClaimIsLost
        self.epoch += 1

    def lift_limit(self) -> None:
        """Let the work take as long as it needs from here on: what it has in hand was paid for."""
        if self.limit is not None:
            self.limit.reschedule(None)


Work = Callable[[Claim], Awaitable[Document]]
