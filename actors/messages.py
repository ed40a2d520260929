"""Messages: they hold ids only, and a lost one does no harm, since MongoDB knows the work that is under way."""

import asyncio
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from dramatiq import Message

from actors.deps.intake import IntakeDeps
from actors.products.catalogue import MAIL_QUEUE, rendering_queue
from actors.products.slot_sets import slot_of
from infra.errors import TransientError
from infra.logs import log
from infra.tenants import MAIN
from storage.errands import ERRAND_CHECK, add_errand
from storage.queueing import message_id
from storage.records.orders import Errand
from storage.records.work import Report, Step

#: The actor for each kind of step.
STEP_ACTORS = {
    "write": "write_section",
    "render": "render_chunk",
    "assemble": "assemble_report",
    "compute": "compute_step",
}
#: One deadline for all of a send's waits for Redis.
_DEADLINE_S = 2.0


class Post(NamedTuple):
    """Message to be sent. One that Redis holds already is not sent again.

    It goes before those that wait if `first`, or if `tenant` has a priority.
    """

    queue: str
    actor: str
    message_id: str
    ids: dict[str, str]
    tenant: str = MAIN
    first: bool = False


def new_message_id() -> str:
    """Return an id for a message. The caller writes it down before it sends the message."""
    return str(uuid.uuid4())


async def begin_errand(deps: IntakeDeps, errand: Errand, order_id: str) -> None:
    """Record an errand of an order, and wake a mail worker for it."""
    await add_errand(deps.db, order_id, errand, deps.clock.now() + ERRAND_CHECK)
    await send_errand(deps, errand, order_id)


async def send_errand(deps: IntakeDeps, errand: Errand, order_id: str) -> bool:
    """Wake a mail worker for a recorded errand. False if Redis does not take the message in time."""
    return await send_all(deps, [errand_post(errand, order_id)])


def errand_post(errand: Errand, order_id: str) -> Post:
    """Return the message that wakes a mail worker for an errand: the same one, however often it is asked for."""
    return Post(MAIL_QUEUE, errand, f"{errand}:{order_id}", {"order": order_id})


def handed_on_post(errand: Errand, order_id: str) -> Post:
    """Return another one, from a worker that ends: Redis still counts its own as taken."""
    post = errand_post(errand, order_id)
    return post._replace(message_id=f"{post.message_id}:{new_message_id()}", first=True)


def errand_of(message_id: str) -> tuple[str, str]:
    """Return the errand and the order that a message to the mail worker is about. Others name no order."""
    errand, _, about = message_id.partition(":")
    return errand, about.partition(":")[0]


def fetch_post(event_id: str) -> Post:
    """Return the message that has an event's session fetched: the same one, however often it is asked for."""
    return Post(MAIL_QUEUE, "fetch_session", f"fetch_session:{event_id}", {"event": event_id})


def step_post(step: Step, message: str) -> Post:
    """Return the message that wakes a worker for a step. The step is queued under that message."""
    ids = {"order": step["order"], "step": step["_id"]}
    # First sections go to the front, so that every report of a burst starts before any gets its second section.
    first, message = step["seq"] == 0, message_id(step["_id"], message)
    return Post(queue_of(step), STEP_ACTORS[step["kind"]], message, ids, step["tenant"], first)


def resumed_post(step: Step, message: str) -> Post:
    """Return the same for a step that a gone worker had: it goes first, since it has waited for its turn once."""
    return step_post(step, message)._replace(first=True)


def queue_of(step: Step) -> str:
    """Return the queue of a step's worker."""
    product: str = step["product"]
    return product if slot_of(step) == "write" else rendering_queue(product)


def begin_post(report: Report) -> Post:
    """Return the message that begins a queued report."""
    ids = {"report": report["_id"]}
    # Beginning takes no longer than a section's share of it, so a new report waits for none that is under way.
    return Post(report["product"], "begin_report", report["message"], ids, report["tenant"], first=True)


async def send_all(deps: IntakeDeps, posts: Sequence[Post]) -> bool:
    """Queue messages in one go. False if Redis does not take them in time: the sweep will send them again."""
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
    first = post.first or deps.tenants.of(post.tenant).priority > 0
    return Message(
        queue_name=post.queue,
        actor_name=post.actor,
        args=(),
        kwargs=dict(post.ids),
        options={"first": True} if first else {},
        message_id=post.message_id,
        message_timestamp=int(deps.clock.now().timestamp() * 1000),
    )
