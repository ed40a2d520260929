"""Sums of the ledger's entries: tokens and dollars by section, order, product, tenant, day or model."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal, Self, TypedDict, cast

from storage.database import Database, Document, aggregated
from storage.records.work import TokenUsage

#: The fields by which costs may be summed.
By = Literal["order", "product", "tenant", "day", "model"]


@dataclass(frozen=True)
class Costs:
    """Sum over calls. `settled` ones had an answer of any status.

    `answered` calls reported their usage, of which `unpriced` ones have no known price.

    `known_usd` is the cost of the other answered calls. Tokens are as the provider counts them: cached ones are
    input too, and so are those of cache writes, which the provider stored for later. The dollars of these are part
    of the cost; `unpriced_writes` calls made some at no known price.
    """

    attempts: int = 0
    settled: int = 0
    answered: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    known_usd: float = 0.0
    known_write_usd: float = 0.0
    unpriced_writes: int = 0

    @property
    def possibly_paid(self) -> int:
        """Number of calls without a recorded answer: open ones, and those that were cut, late or met silence."""
        return self.attempts - self.settled

    @property
    def cost_usd(self) -> float | None:
        """Whole cost in US dollars. None, not 0, if part of it has no known price or no call was answered."""
        unknown = self.unpriced or (self.attempts and not self.answered)
        return None if unknown else round(self.known_usd, 6)

    @property
    def cache_write_usd(self) -> float | None:
        """Cost of cache writes in US dollars. None, not 0, if part of it has no known price."""
        return None if self.unpriced_writes else round(self.known_write_usd, 6)

    def __add__(self, other: "Costs") -> Self:
        sums = {field.name: getattr(self, field.name) + getattr(other, field.name) for field in fields(self)}
        return type(self)(**sums)


def _count(condition: object) -> Document:
    return {"$sum": {"$cond": [condition, 1, 0]}}


# In MongoDB's order of values, missing fields and null come before all other values.
_ANSWERED = {"$gt": ["$usage", None]}
#: Calls of which the provider has said nothing, be it a refusal.
_UNHEARD = {"$or": [{"$eq": ["$state", "open"]}, {"$in": ["$outcome", ["cut", "timeout"]]}, "$silent"]}
#: The number of answers without a known price.
UNPRICED = _count({"$and": [_ANSWERED, {"$not": [{"$gt": ["$cost_usd", None]}]}]})
_UNPRICED_WRITE = {"$and": [{"$gt": ["$usage.cache_write", 0]}, {"$not": [{"$gt": ["$cache_write_usd", None]}]}]}
_SUMS: Document = {
    "attempts": {"$sum": 1},
    "settled": _count({"$not": [_UNHEARD]}),
    "answered": _count(_ANSWERED),
    "unpriced": UNPRICED,
    "input_tokens": {"$sum": "$usage.input"},
    "cached_tokens": {"$sum": "$usage.cached"},
    "cache_write_tokens": {"$sum": "$usage.cache_write"},
    "output_tokens": {"$sum": "$usage.output"},
    "known_usd": {"$sum": "$cost_usd"},
    "known_write_usd": {"$sum": "$cache_write_usd"},
    "unpriced_writes": _count(_UNPRICED_WRITE),
}


class SectionCalls(TypedDict):
    """Calls of a section: their outcomes and the models that answered, oldest first."""

    product: str
    section: str
    outcomes: list[str]
    models: list[str]


async def costs_of(db: Database, order_id: str) -> Costs:
    """Return the sum of an order's calls."""
    pipeline = [{"$match": {"order": order_id}}, {"$group": {"_id": None, **_SUMS}}]
    groups = await aggregated(db.ledger, pipeline)
    return _costs(groups[0]) if groups else Costs()


async def section_costs(db: Database, order_id: str) -> list[tuple[SectionCalls, Costs]]:
    """Return an order's sections with their costs, in the order in which they were begun."""
    pipeline: list[Document] = [
        {"$match": {"order": order_id}},
        {"$sort": {"opened_at": 1}},
        {
            "$group": {
                "_id": {"product": "$product", "section": "$section"},
                "began_at": {"$min": "$opened_at"},
                "outcomes": {"$push": {"$ifNull": ["$outcome", "open"]}},
                "models": {"$push": {"$ifNull": ["$model", None]}},
                **_SUMS,
            }
        },
    ]
    groups = await aggregated(db.ledger, pipeline)
    groups.sort(key=lambda group: (group["began_at"], *group["_id"].values()))
    return [(_section(group), _costs(group)) for group in groups]


async def costs_by(
    db: Database, by: By, since: datetime, until: datetime, limit: int
) -> list[tuple[str | None, Costs]]:
    """Return the costs of calls begun in [since, until), by that field: days newest first, others dearest first.

    The field is None where its value is unknown: a call that was not answered has no known model.
    """
    pipeline: list[Document] = [
        {"$match": {"opened_at": {"$gte": since, "$lt": until}}},
        {"$group": {"_id": f"${by}", **_SUMS}},
        {"$sort": {"_id": -1} if by == "day" else {"known_usd": -1, "output_tokens": -1, "_id": 1}},
        {"$limit": limit},
    ]
    groups = await aggregated(db.ledger, pipeline)
    return [(group["_id"], _costs(group)) for group in groups]


async def mean_usages(db: Database, since: datetime, latest: int) -> dict[str, TokenUsage]:
    """Return the mean usage of an answer by product, over the latest calls since then."""
    means = {name: {"$avg": f"$usage.{name}"} for name in ("input", "cached", "cache_write", "output")}
    pipeline: list[Document] = [
        {"$match": {"opened_at": {"$gte": since}}},
        {"$sort": {"opened_at": -1}},
        {"$limit": latest},
        {"$match": {"usage": {"$exists": True}}},
        {"$group": {"_id": "$product", **means}},
    ]
    return {group["_id"]: _mean(group) for group in await aggregated(db.ledger, pipeline)}


def _mean(group: Document) -> TokenUsage:
    numbers = {name: round(group[name] or 0) for name in ("input", "cached", "cache_write", "output")}
    return cast("TokenUsage", {**numbers, "estimated": True})


async def costs_by_outcome(db: Database, since: datetime, limit: int) -> dict[str, Costs]:
    """Return the costs of the latest calls begun since then, at most `limit`, by their outcomes.

    A call without one yet is `open`, and one that the provider refused since its limits are reached is `limited`.
    """
    outcome = {"$cond": ["$limited", "limited", {"$ifNull": ["$outcome", "open"]}]}
    pipeline: list[Document] = [
        {"$match": {"opened_at": {"$gte": since}}},
        {"$sort": {"opened_at": -1}},
        {"$limit": limit},
        {"$group": {"_id": outcome, **_SUMS}},
    ]
    return {group["_id"]: _costs(group) for group in await aggregated(db.ledger, pipeline)}


def _section(group: Document) -> SectionCalls:
    # A dict keeps each model once, in the order of its first answer.
    models = [model for model in dict.fromkeys(group["models"]) if model is not None]
    of = group["_id"]
    return {"product": of["product"], "section": of["section"], "outcomes": group["outcomes"], "models": models}


def _costs(group: Document) -> Costs:
    return Costs(**{name: group[name] for name in _SUMS})
