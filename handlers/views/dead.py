"""View of dead letters by their cause, with the money behind each."""

from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.money import sums_by_currency
from handlers.views.orders import as_text
from storage.dead_groups import UNGROUPED, dead_groups, sums_paid


class GroupView(TypedDict):
    """Open dead letters of one cause. `paid` is what was paid for their orders, in cents by currency."""

    group: str
    kind: str | None
    cause: str
    product: str | None
    model: str | None
    version: str | None
    letters: int
    first_at: str | None
    last_at: str | None
    paid: dict[str, int]


async def groups_view(deps: Deps, limit: int) -> list[GroupView]:
    """Return the open dead letters by their cause, the most frequent first."""
    groups = await dead_groups(deps.db, limit)
    named = {order for group in groups for order in group.orders}
    sums = {order: (amount, currency) for order, amount, currency in await sums_paid(deps.db, named)}
    views: list[GroupView] = []
    for group in groups:
        known = group.group is not None
        sample = group.sample
        views.append(
            {
                "group": group.group or UNGROUPED,
                "kind": sample["kind"] if known else None,
                "cause": sample.get("cause", "They died under an older version, which kept no cause."),
                "product": sample["product"] if known else None,
                "model": sample.get("model"),
                "version": sample.get("version"),
                "letters": group.letters,
                "first_at": as_text(group.first_at),
                "last_at": as_text(group.last_at),
                "paid": sums_by_currency(sums[order] for order in group.orders if order in sums),
            }
        )
    return views
