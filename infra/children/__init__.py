"""Work that would block an event loop, done in child processes that are bounded in time and memory."""

from infra.children.errors import WorkTookTooLong, WorkTookTooMuchMemory
from infra.children.pool import ChildPool

__all__ = ["ChildPool", "WorkTookTooLong", "WorkTookTooMuchMemory"]
