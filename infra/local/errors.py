"""Errors of the local stack: each text is one line that names the part."""

from infra.errors import PressroomError


class PartError(PressroomError):
    """A part, or the whole stack, is not as it should be: it did not come up, died, or answers with an error."""
