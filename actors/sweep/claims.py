"""Claims whose holder is dead or out of time: the step is queued again, or dead if it kills whoever takes it."""

from collections.abc import Sequence

import structlog

from actors.deps.process import Deps
from actors.messages import Post, send_all, step_post
from actors.reports.advance import give_up
from storage.claims import claims_of, expire_step, lapsed_claims
from storage.database import Document
from storage.queueing import new_message

log = structlog.get_logger()

#: A step that took this many processes with it is poison.
_MAX_KILLS = 8
_BATCH = 500


async def expire_lapsed_claims(deps: Deps) -> None:
    """Take steps from holders whose time is over."""
    await _expire(deps, await lapsed_claims(deps.db, deps.clock.now(), _BATCH))


async def take_from(deps: Deps, worker: str) -> None:
    """Take every step from a dead worker."""
    await _expire(deps, await claims_of(deps.db, worker))


async def _expire(deps: Deps, steps: Sequence[Document]) -> None:
    """Take them all first, and send then: that needs Redis, which may be away."""
    posts: list[Post] = []
    for step in steps:
        message = new_message()
        if step["kills"] + 1 >= _MAX_KILLS:
            reason = f"{_MAX_KILLS} processes died or ran out of time while they held it."
            await give_up(deps, step, step["epoch"], reason)
        elif await expire_step(deps.db, step, message, deps.clock.now()):
            log.warning("claim_expired", order=step["order"], step=step["_id"], kills=step["kills"] + 1)
            posts.append(step_post(step, message))
    await send_all(deps, posts)
