"""What must be gone once everything is quiet: messages in Redis, and processes whose owner has ended."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import redis

from actors.audit.evidence import Violation
from actors.products.catalogue import queues, queues_of


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


def left_processes(ended: Collection[int]) -> Iterator[Violation]:
    """Yield a violation for each process of a session whose leader, by these ids, has ended."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, _group, session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(session) in ended and state != "Z":
            yield Violation(None, "left", f"The process {stat.parent.name} outlives its owner {session}.")
