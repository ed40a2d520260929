"""What must be gone once everything is quiet: messages in Redis, and processes whose owner has ended."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redis

from actors.audit.evidence import Violation
from actors.products.catalogue import queues, queues_of

#: Of the kernel, in a second.
_TICKS = os.sysconf("SC_CLK_TCK")


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


def since_boot_s() -> float:
    """Return the seconds by which the kernel says when a process began."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def left_processes(ended: Mapping[int, float]) -> Iterator[Violation]:
    """Yield a violation for each process of a session whose leader has ended: its id, and when, since boot.

    A process that began later is of another session, which has got the same id: there are but some 30,000.
    """
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        state, session, began_s = facts[0], int(facts[3]), int(facts[19]) / _TICKS
        if session in ended and state != "Z" and began_s <= ended[session]:
            yield Violation(None, "left", f"The process {stat.parent.name} outlives its owner {session}.")
