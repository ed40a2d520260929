"""Doubts about refusals of the LLM's provider that give no reason: the account's, one step's, or soon over."""

from math import inf
from typing import Literal

from cachetools import LRUCache

#: The time for which they may last before they are the account's: shorter disruptions pass by themselves.
_PASSES_S = 10.0
#: The refusals of one step, while others are answered, after which they are its own and not the account's.
_ITS_OWN = 5
#: Steps whose refusals are remembered.
_MANY = 1000


class Doubts:
    """Refusals without a reason, and the answers between them, that this worker has seen."""

    def __init__(self) -> None:
        """Begin with none seen."""
        self._since: float | None = None
        self._last = -inf
        self._answers = 0
        #: By step: the number of its refusals, and of all answers before the first.
        self._refusals: LRUCache[str, tuple[int, int]] = LRUCache(_MANY)

    def note_refusal(self, step: str, now: float) -> Literal["account", "step", "passing"]:
        """Return what a refusal is about, as far as can be told: the account, the step alone, or neither yet."""
        self._last = now
        self._since = now if self._since is None else self._since
        count, answers = self._refusals.get(step, (0, self._answers))
        self._refusals[step] = (count + 1, answers)
        if count + 1 >= _ITS_OWN and self._answers > answers:
            return "step"
        return "passing" if now - self._since < _PASSES_S else "account"

    def note_answer(self, step: str, began: float) -> None:
        """Note that a step was answered. A call that began before the last refusal says nothing about it."""
        self._answers += 1
        self._refusals.pop(step, None)
        if began >= self._last:
            self._since = None
