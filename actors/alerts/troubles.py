"""Troubles of the installation itself: an operator hears of each once while it lasts, and anew the next time."""

from typing import NamedTuple

from actors.deps.process import Deps
from storage.alerts import raise_alert, withdraw_alert


class Trouble(NamedTuple):
    """Trouble with a subject, and the seconds that it must have lasted before an operator is told."""

    kind: str
    subject: str
    #: The same each time, and without the words of others.
    text: str
    lasting_s: float = 0.0


class Troubles:
    """Memory of the troubles that this process sees, and since when, by its own clock."""

    def __init__(self) -> None:
        """Begin with none seen."""
        self._since: dict[Trouble, float] = {}
        self._over: set[Trouble] = set()

    async def note(self, deps: Deps, trouble: Trouble, *, there: bool) -> None:
        """Raise the alert of a trouble that has lasted for long enough, or withdraw that of one that is over."""
        if there:
            await self._tell(deps, trouble)
        elif trouble not in self._over:
            # Also at the first look, since another process may have raised it.
            await withdraw_alert(deps.db, trouble.subject, trouble.text)
            self._since.pop(trouble, None)
            self._over.add(trouble)

    async def _tell(self, deps: Deps, trouble: Trouble) -> None:
        now = deps.clock.monotonic()
        self._over.discard(trouble)
        if now - self._since.setdefault(trouble, now) >= trouble.lasting_s:
            await raise_alert(deps.db, trouble.kind, trouble.text, deps.clock.now(), event=trouble.subject)
