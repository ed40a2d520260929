"""What the broker hands over for safe keeping before it lets a message go."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DeadMessage:
    """A message that will never be done; `data` are its bytes, `error` the traceback's last line."""

    queue: str
    message_id: str
    data: bytes
    error: str
    traceback: str
