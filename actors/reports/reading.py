"""Reading: a stored report's text for screens, from the checkpoints that its PDF was set from."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from actors.deps.process import Deps
from actors.mail.brand import brand_name
from actors.reports.claim import value_of
from actors.reports.sources import book_source, chapter_source
from infra.book import BookSource
from infra.reading import Part, parts_of
from storage.records.orders import Order
from storage.records.plans import Plan
from storage.records.work import Report
from storage.steps import NeedsAreGone, part_of, results_of


class Reading:
    """A stored report, whose texts are read from MongoDB as they are asked for."""

    def __init__(self, deps: Deps, order: Order, report: Report, plan: Plan) -> None:
        """Begin without a text."""
        self.order, self.product = order, report["product"]
        self._deps, self._report, self._plan = deps, report, plan
        self.book: BookSource = book_source(plan, order, brand_name(deps, order["tenant"]))
        #: Its parts with titles, and without texts.
        self.parts: list[Part] = self._parts({})

    @property
    def stored_at(self) -> datetime:
        """When it was stored last."""
        return self._report["stored_at"]

    @property
    def identifier(self) -> str:
        """A name that no other report has, and that tells nothing of its order."""
        return uuid5(NAMESPACE_URL, f"pressroom:{self._report['_id']}").urn

    async def whole(self) -> list[Part]:
        """Return all parts with their texts. NeedsAreGone if one is being made again."""
        return self._parts(await self._values(self.parts))

    async def part(self, number: int) -> Part:
        """Return a part, counted from 0, with its texts. NeedsAreGone if one is being made again."""
        return self._parts(await self._values([self.parts[number]]))[number]

    def _parts(self, values: Mapping[str, Any]) -> list[Part]:
        """Return the parts. Those whose values are not given have no text, nor a chart of a value."""
        known = defaultdict(str, values)
        steps = (step for step in self._plan["steps"].values() if step["kind"] == "render")
        return parts_of(chapter_source(self._plan, step, known, self.order) for step in steps)

    async def _values(self, parts: Iterable[Part]) -> dict[str, Any]:
        chapters = chain.from_iterable(part.chapters for part in parts)
        needs = chain.from_iterable(self._plan["steps"][chapter]["needs"] for chapter in chapters)
        steps = [f"{self._report['_id']}:{need}" for need in needs]
        results = await results_of(self._deps.db, steps)
        if len(results) < len(set(steps)):
            raise NeedsAreGone("A text of the report is being made again.")
        return {part_of(step): value_of(result) for step, result in results.items()}


async def open_reading(deps: Deps, order: Order, report: Report) -> Reading | None:
    """Return a report to be read. None while it is not stored, or is made again."""
    if report["state"] != "stored" or report["pdf"] is None or report["plan"] is None:
        return None
    return Reading(deps, order, report, await deps.plans.get(report["plan"]))
