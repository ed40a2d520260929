"""What can go wrong with a process of the local stack."""

from infra.errors import PressroomError


class PartError(PressroomError):
    """A part is not running as it should; the text is one line that names it."""


class PartDidNotStart(PartError):
    """A part did not come up in time, or ended while it did."""


class PartDied(PartError):
    """A part that was up ended though nobody had asked it to."""


class PortTaken(PartError):
    """Something else listens where a part was to listen."""


class FolderInUse(PartError):
    """Another stack runs on this data folder."""
