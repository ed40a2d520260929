"""Sending a message: ids only, and no harm if it is lost, since MongoDB knows what should be under way."""

import asyncio
import uuid

import structlog
from dramatiq import Message

from actors.deps import Deps
from infra.errors import TransientError

log = structlog.get_logger()

#: The actor for each kind of step, on the queue of its product.
STEP_ACTORS = {"write": "write_section", "render": "render_chunk", "assemble": "assemble_report"}
#: One deadline for all that a send may wait for Redis.
_DEADLINE_S = 2.0


def new_message_id() -> str:
    """Return an id for a message, to be written down before it is sent."""
    return str(uuid.uuid4())


async def send(deps: Deps, queue: str, actor: str, message_id: str, **ids: str) -> bool:
    """Queue a message; False if Redis does not take it in time: the sweep will send it again."""
    message: Message[None] = Message(
        queue_name=queue, actor_name=actor, args=(), kwargs=dict(ids), options={}, message_id=message_id
    )
    try:
        await asyncio.wait_for(asyncio.to_thread(deps.broker.enqueue, message), _DEADLINE_S)
    except (TransientError, TimeoutError):
        log.warning("message_left_to_sweep", queue=queue, actor=actor, **ids)
        return False
    return True
