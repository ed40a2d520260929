"""Items of a duty, each seen to by itself: a poisonous one does not keep the others from being seen to."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from actors.deps.process import Deps
from infra.errors import TransientError
from infra.logs import log
from storage.alerts import raise_alert

Item = TypeVar("Item", bound=Mapping[str, Any])


async def see_to_each(
    deps: Deps, items: Iterable[Item], see_to: Callable[[Item], Awaitable[object]]
) -> list[Item]:
    """See to each of some documents. Returns those with which that went well.

    The others are brought before an operator. TransientError ends it: it would meet them all.
    """
    seen_to = []
    for item in items:
        try:
            await see_to(item)
        except TransientError:
            raise
        except Exception as error:
            log.exception("item_not_seen_to", item=item["_id"])
            # Without the error's words, which may be a customer's.
            text = f"The sweep cannot see to {item['_id']}: {type(error).__name__}. Its log says why."
            order = item.get("order")
            event = None if order else str(item["_id"])
            await raise_alert(deps.db, "sweep", text, deps.clock.now(), order=order, event=event)
        else:
            seen_to.append(item)
    return seen_to
