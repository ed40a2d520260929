"""The claims that this process holds: as it knows them, to be compared with what MongoDB says."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from storage.claims import fence_step
from storage.database import Database, Document


class ClaimIsLost(Exception):
    """Somebody else has the step now: what we were doing on it is over."""


class WorkerStops(Exception):
    """This process was told to end before the step had bought anything: it goes back as it is."""


class Claim:
    """A claimed step, and the epoch at which we hold it. `order` is the order as read before the claim."""

    def __init__(self, db: Database, step: Document, order: Document) -> None:
        """Hold the step at the epoch of the claim."""
        self._db = db
        self.step = step
        self.order = order
        self.epoch: int = step["epoch"]

    async def fence(self, until: datetime) -> None:
        """T11: renew it right before something is bought; ClaimIsLost if it is not ours any more."""
        if not await fence_step(self._db, self.step, self.epoch, until):
            raise ClaimIsLost
        self.epoch += 1


Work = Callable[[Claim], Awaitable[Document]]


class Claims:
    """The steps that this process works on, registered before they are claimed.

    Counted, since a duplicate message brings a second coroutine for a step that the first one still works on.
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self._steps: Counter[str] = Counter()

    @contextmanager
    def holding(self, step_id: str) -> Iterator[None]:
        """Count a step as worked on for the length of the block."""
        self._steps[step_id] += 1
        try:
            yield
        finally:
            self._steps[step_id] -= 1
            if not self._steps[step_id]:
                del self._steps[step_id]

    def __contains__(self, step_id: str) -> bool:
        return step_id in self._steps
