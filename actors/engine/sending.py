"""Sending messages: ids only, and no harm if one is lost, since MongoDB knows what should be under way."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import NamedTuple

import structlog
from dramatiq import Message

from actors.catalogue import MAIL_QUEUE
from actors.intake.deps import IntakeDeps
from infra.errors import TransientError
from infra.tenants import MAIN
from storage.database import Document
from storage.errands import Errand

log = structlog.get_logger()

#: The actor for each kind of step, on the queue of its product.
STEP_ACTORS = {
    "write": "write_section",
    "render": "render_chunk",
    "assemble": "assemble_report",
    "compute": "compute_step",
}
#: One deadline for all that a send may wait for Redis.
_DEADLINE_S = 2.0


class Post(NamedTuple):
    """A message to be sent; one that Redis holds already is not sent again.

    It goes before those that wait if `tenant` has a priority.
    """

    queue: str
    actor: str
    message_id: str
    ids: dict[str, str]
    tenant: str = MAIN


def new_message_id() -> str:
    """Return an id for a message, to be written down before it is sent."""
    return str(uuid.uuid4())


async def send(deps: IntakeDeps, queue: str, actor: str, message_id: str, **ids: str) -> bool:
    """Queue a message; False if Redis does not take it in time: the sweep will send it again."""
    return await send_all(deps, [Post(queue, actor, message_id, ids)])


async def send_errand(deps: IntakeDeps, errand: Errand, order_id: str) -> bool:
    """Wake a mail worker for an errand that is written down."""
    return await send_all(deps, [errand_post(errand, order_id)])


def errand_post(errand: Errand, order_id: str) -> Post:
    """Return the message that wakes a mail worker for an errand."""
    return Post(MAIL_QUEUE, errand, new_message_id(), {"order": order_id})


def step_post(step: Document, message: str) -> Post:
    """Return the message that wakes a worker for a step which is queued under that id."""
    ids = {"order": step["order"], "step": step["_id"]}
    return Post(step["product"], STEP_ACTORS[step["kind"]], message, ids, step["tenant"])


def begin_post(report: Document) -> Post:
    """Return the message that begins a report which is queued."""
    ids = {"report": report["_id"]}
    return Post(report["product"], "begin_report", report["message"], ids, report["tenant"])


async def send_step(deps: IntakeDeps, step: Document, message: str) -> bool:
    """Wake a worker for a step that is queued under that message id."""
    return await send_all(deps, [step_post(step, message)])


async def send_all(deps: IntakeDeps, posts: Sequence[Post]) -> bool:
    """Queue messages in one go; False if Redis does not take them in time: the sweep will send them again."""
    if not posts:
        return True
    try:
        messages = [_message(deps, post) for post in posts]
        loop = asyncio.get_running_loop()
        sending = loop.run_in_executor(deps.broker.sender, deps.broker.enqueue_all, messages)
        await asyncio.wait_for(sending, _DEADLINE_S)
    except (TransientError, TimeoutError):
        log.warning("messages_left_to_sweep", actors=sorted({post.actor for post in posts}), count=len(posts))
        return False
    return True


def _message(deps: IntakeDeps, post: Post) -> Message[None]:
    first = deps.tenants.of(post.tenant).priority > 0
    return Message(
        queue_name=post.queue,
        actor_name=post.actor,
        args=(),
        kwargs=dict(post.ids),
        options={"first": True} if first else {},
        message_id=post.message_id,
    )
