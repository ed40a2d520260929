"""What can go wrong with a piece of work in a child. A child that crashed is an infra.errors.TransientError."""

from infra.errors import PermanentError


class WorkTookTooLong(PermanentError):
    """A child was still at work at its deadline, and was killed."""


class WorkTookTooMuchMemory(PermanentError):
    """A child reached its bound of memory, and was given up."""
