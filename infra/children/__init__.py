"""Work that would block an event loop, done in child processes that are bounded in time and memory."""

from infra.children.pool import ChildPool, WorkTookTooLong, WorkTookTooMuchMemory

__all__ = ["ChildPool", "WorkTookTooLong", "WorkTookTooMuchMemory"]
