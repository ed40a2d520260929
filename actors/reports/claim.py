"""A claim on a step, as its holder knows it, and the ways in which it ends without a result."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec

from infra.metrics import STEPS
from storage.claims import fence_step
from storage.database import Database
from storage.records.orders import Order
from storage.records.work import Step, StepResult
from storage.steps import part_of, results_for


class ClaimIsLost(Exception):
    """This process holds the step no more, so its work on it is over."""


class StepGoesBack(Exception):
    """The step goes back as it is, without counting as failed, and is due again after `again_in_s`.

    Raised as it is, it means that this process was told to end before the step had bought anything.
    """

    again_in_s = 0.0


class Claim:
    """Claimed step, and the epoch at which this process holds it. `order` is the order as read before the claim.

    `limit` ends work that takes too long, until it has bought something that must not be lost.
    """

    limit: asyncio.Timeout | None = None

    def __init__(self, db: Database, step: Step, order: Order, found: dict[str, StepResult] | None = None) -> None:
        """Hold the step at the epoch of the claim. `found` are results by step id that were read since."""
        self._db = db
        self._found = found or {}
        self.step = step
        self.order = order
        self.epoch: int = step["epoch"]

    @property
    def has_bought(self) -> bool:
        """Whether an answer may have been bought for the step before."""
        return self.step["attempts"] > 0 or self.epoch > self.step["epoch"]

    async def results(self) -> dict[str, StepResult]:
        """Return the results of the steps that this one needs, by id.

        NeedsAreGone if a replay has taken one back.
        """
        found, self._found = self._found, {}  # a second request asks MongoDB
        if all(need in found for need in self.step["needs"]):
            return {need: found[need] for need in self.step["needs"]}
        return await results_for(self._db, self.step)

    async def values(self) -> dict[str, Any]:
        """Return the texts and values of the parts that this step needs, by the parts' ids.

        NeedsAreGone if a replay has taken one back.
        """
        results = await self.results()
        return {part_of(step_id): value_of(result) for step_id, result in results.items()}

    async def fence(self, until: datetime) -> None:
        """Renew the claim right before a purchase. ClaimIsLost if this process holds it no more (T11)."""
        if not await fence_step(self._db, self.step, self.epoch, until):
            raise ClaimIsLost
        self.epoch += 1

    def count(self, event: str) -> None:
        """Count what became of the claim, or of its step."""
        STEPS.labels(self.step["product"], self.step["kind"], event).inc()

    def lift_limit(self) -> None:
        """Lift the limit for the rest of the work, whose answer was paid for."""
        if self.limit is not None:
            self.limit.reschedule(None)


def value_of(result: StepResult) -> Any:
    """Return the text of a section, or the value of a computation."""
    return msgspec.json.decode(result["value"]) if "value" in result else result["text"]


Work = Callable[[Claim], Awaitable[StepResult]]
