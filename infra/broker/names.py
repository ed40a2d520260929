"""The names of Dramatiq's Redis keys, and of the doorbell that we add."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QueueKeys:
    """The keys of one queue (Dramatiq 2.2.1, brokers/redis/dispatch.lua)."""

    namespace: str
    name: str

    @property
    def queue(self) -> str:
        """The list of waiting message ids."""
        return f"{self.namespace}:{self.name}"

    @property
    def messages(self) -> str:
        """The hash of message ids to data: waiting, in flight, or held by a dead worker."""
        return f"{self.queue}.msgs"

    @property
    def bell(self) -> str:
        """The list that idle consumers block on."""
        return f"{self.queue}.bell"

    @property
    def heartbeats(self) -> str:
        """The sorted set of broker ids by when each was last heard of."""
        return f"{self.namespace}:__heartbeats__"

    def acks(self, broker_id: str) -> str:
        """The set of message ids that one worker process has taken and not acknowledged."""
        return f"{self.namespace}:__acks__.{broker_id}.{self.name}"
