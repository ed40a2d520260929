"""The names of Dramatiq's Redis keys, and of the doorbell that we add."""


class QueueKeys:
    """The keys of one queue (Dramatiq 2.2.1, brokers/redis/dispatch.lua)."""

    def __init__(self, namespace: str, name: str) -> None:
        """Name them all; nobody is asked."""
        #: The list of waiting message ids.
        self.queue = f"{namespace}:{name}"
        #: The hash of message ids to data: waiting, in flight, or held by a dead worker.
        self.messages = f"{self.queue}.msgs"
        #: The list that idle consumers block on.
        self.bell = f"{self.queue}.bell"
        #: The sorted set of broker ids by when each was last heard of.
        self.heartbeats = f"{namespace}:__heartbeats__"
        self._acks = f"{namespace}:__acks__.{{}}.{name}"

    def acks(self, broker_id: str) -> str:
        """Return the set of message ids that one worker process has taken and not acknowledged."""
        return self._acks.format(broker_id)
