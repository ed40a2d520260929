"""Claims that this process holds, as it knows them. They are compared with those in MongoDB."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Claims:
    """Steps that this process works on, registered before they are claimed.

    They are counted: a duplicate message brings a second coroutine for a step that the first one still works on.
    """

    def __init__(self) -> None:
        """Hold nothing."""
        self._steps: Counter[str] = Counter()

    @contextmanager
    def holding(self, *step_ids: str) -> Iterator[None]:
        """Count steps as worked on for the length of the block."""
        self._steps.update(step_ids)
        try:
            yield
        finally:
            self._steps.subtract(step_ids)
            for step_id in step_ids:
                if not self._steps[step_id]:
                    del self._steps[step_id]

    def __contains__(self, step_id: str) -> bool:
        return step_id in self._steps
