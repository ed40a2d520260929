"""Child processes for work that would block an event loop, bounded in time and memory."""

from infra.children.pool import ChildPool, WorkTookTooLong, WorkTookTooMuchMemory

__all__ = ["ChildPool", "WorkTookTooLong", "WorkTookTooMuchMemory"]
