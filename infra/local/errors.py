"""What can go wrong with a process of the local stack: each text is one line that names the part."""

from infra.errors import PressroomError


class PartError(PressroomError):
    """A part, or the whole stack, is not running as it should."""


class PartDidNotStart(PartError):
    """A part did not come up in time, or ended while it did, or found its place taken."""


class PartDied(PartError):
    """A part that was up ended though nobody had asked it to."""
