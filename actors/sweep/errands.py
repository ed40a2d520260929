"""What mail workers should have seen to: they are woken again."""

from actors.deps.process import Deps
from actors.messages import Post, errand_post, send_all
from storage.errands import ERRAND_CHECK, orders_with_errands, reschedule

_BATCH = 500


async def resend_errands(deps: Deps) -> None:
    """Send the messages of due errands again; each claims what it does, so twice does no harm."""
    now = deps.clock.now()
    posts: list[Post] = []
    for order in await orders_with_errands(deps.db, now, _BATCH):
        due = [errand for errand, at in order["errands"].items() if at <= now]
        if await reschedule(deps.db, order, order["errands"] | dict.fromkeys(due, now + ERRAND_CHECK)):
            posts += [errand_post(errand, order["_id"]) for errand in due]
    await send_all(deps, posts)
