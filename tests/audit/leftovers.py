"""What must be gone once everything is quiet: messages in Redis, and processes whose owner has ended."""

import json
from collections.abc import Iterator
from typing import Any

import redis

from actors.audit.evidence import Violation
from actors.products.catalogue import queues, queues_of
from tests.families import Process, alive


def left_messages(server: redis.Redis) -> Iterator[Violation]:
    """Yield a violation for each message that waits, or is in somebody's hands."""
    for queue in (part for one in queues() for part in queues_of(one)):
        held: Any = server.hgetall(f"dramatiq:{queue}.msgs")
        for data in held.values():
            message = json.loads(data)
            yield Violation(
                _order_of(message["kwargs"]), "left", f"A message for {message['actor_name']} is left."
            )


def _order_of(ids: dict[str, str]) -> str | None:
    """Return the order that a message's ids name, if they name one."""
    named = ids.get("order") or ids.get("report", "").partition(":")[0]
    return named or None


def left_processes(started: set[Process]) -> Iterator[Violation]:
    """Yield a violation for each process that is alive, out of those that owners who have ended had started."""
    for process in alive(started):
        yield Violation(None, "left", f"The process {process.id} outlives its owner.")
