"""Filters of bulk work, and what they find: open dead letters, or open orders."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from actors.deps.process import Deps
from storage.dead_groups import UNGROUPED, dead_groups, letters_of_groups, orders_of_tenant
from storage.figures import open_orders_paid_before

#: The most things of one bulk, and the letters that are looked through for a filter.
MOST, _MOST_READ = 10_000, 100_000
_MOST_GROUPS = 1000


@dataclass(frozen=True)
class Filter:
    """Filter of open dead letters. Without any of it all match."""

    group: str | None = None
    product: str | None = None
    model: str | None = None
    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __str__(self) -> str:
        """Return it in words."""
        return _in_words(self) or "every dead letter"


@dataclass(frozen=True)
class OpenOrders:
    """Filter of open orders: paid before then, neither delivered nor refunded."""

    paid_before: datetime
    product: str | None = None
    tenant: str | None = None

    def __str__(self) -> str:
        """Return it in words."""
        return f"open orders, {_in_words(self)}"


def _in_words(wanted: Filter | OpenOrders) -> str:
    given = {name.replace("_", " "): value for name, value in vars(wanted).items() if value is not None}
    return ", ".join(f"{name} {_said(value)}" for name, value in given.items())


def _said(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else str(value)


async def matching(deps: Deps, wanted: Filter | OpenOrders) -> list[str]:
    """Return the ids of what matches, the oldest 10,000 at most, the letters of one order side by side."""
    if isinstance(wanted, OpenOrders):
        alike = {"product": wanted.product, "tenant": wanted.tenant}
        given = {name: value for name, value in alike.items() if value is not None}
        return await open_orders_paid_before(deps.db, wanted.paid_before, deps.clock.now(), given, MOST)
    groups = await _groups(deps, wanted)
    found = await letters_of_groups(deps.db, groups, wanted.since, wanted.until, _MOST_READ)
    if wanted.tenant is not None:
        named = {one.order for one in found if one.order is not None}
        of_tenant = await orders_of_tenant(deps.db, named, wanted.tenant)
        found = [one for one in found if one.order in of_tenant]
    return sorted(one.letter for one in found[:MOST])


async def _groups(deps: Deps, wanted: Filter) -> Collection[str | None] | None:
    """Return the groups that match. None if the filter says nothing of them."""
    named = [wanted.group if wanted.group != UNGROUPED else None]
    if wanted.product is None and wanted.model is None:
        return named if wanted.group is not None else None
    alike = []
    for group in await dead_groups(deps.db, _MOST_GROUPS):
        sample = group.sample
        fits = wanted.product in {None, sample["product"]} and wanted.model in {None, sample.get("model")}
        if fits and group.group is not None and (wanted.group is None or group.group in named):
            alike.append(group.group)
    return [*alike]
