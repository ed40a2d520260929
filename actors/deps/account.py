"""Account at the LLM's provider, as a worker sees it: one alert while it is refused, which ends with an answer."""

from contextlib import suppress
from math import inf

from infra.clock import Clock
from infra.errors import TransientError
from infra.llm.answer import AccountIsRefused
from storage.alerts import end_alert, raise_alert
from storage.database import Database

_KIND, _SUBJECT = "provider", "llm"
#: The time after which an operator hears of refusals without a reason: shorter disruptions pass by themselves.
_PASSES_S = 10.0
#: How often an answer ends an alert that another worker may have raised, and left behind.
_LOOK_S = 60.0
#: The refusals of one step, while others are answered, after which they are its own and not the account's.
_ITS_OWN = 5
#: Steps whose refusals are remembered, before all are forgotten.
_MANY = 1000


class Account:
    """Refusals and answers that this worker has seen."""

    def __init__(self) -> None:
        """Start without knowledge: the first answer ends what an earlier process may have raised."""
        self._refused_since: float | None = None
        self._refused_at = self._looked_at = -inf
        self._answers = 0
        #: By step: the number of its refusals, and of all answers before the first.
        self._refusals: dict[str, tuple[int, int]] = {}

    async def note_refusal(self, db: Database, clock: Clock, step: str, error: AccountIsRefused) -> None:
        """Alert an operator, unless the refusal may pass and is new."""
        now = self._refused_at = clock.monotonic()
        self._refused_since = now if self._refused_since is None else self._refused_since
        if len(self._refusals) > _MANY:
            self._refusals.clear()
        count, answers = self._refusals.get(step, (0, self._answers))
        self._refusals[step] = (count + 1, answers)
        if error.may_pass and now - self._refused_since < _PASSES_S:
            return
        text = f"{error} Sections wait for it, and go on by themselves."
        with suppress(TransientError):  # the next refusal alerts again
            await raise_alert(db, _KIND, text, clock.now(), event=_SUBJECT)

    def singles_out(self, step: str) -> bool:
        """Return whether a step alone is refused, again and again, while others are answered."""
        count, answers = self._refusals.get(step, (0, 0))
        return count >= _ITS_OWN and self._answers > answers

    async def note_answer(self, db: Database, clock: Clock, step: str, began: float) -> None:
        """End the alert. A call that began before the last refusal says nothing about it."""
        self._answers += 1
        self._refusals.pop(step, None)
        now = clock.monotonic()
        is_known = self._refused_since is None and now - self._looked_at < _LOOK_S
        if is_known or began < self._refused_at:
            return
        with suppress(TransientError):  # the next answer ends it
            await end_alert(db, _KIND, _SUBJECT)
            self._refused_since, self._looked_at = None, now
