"""Plans: the steps of a product's definition, and the shelf from which workers read them."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from actors.products.definition import Chapter, Computation, Product, Section
from infra.errors import PermanentError
from storage.database import Database, Document
from storage.plans import find_plan, keep_plan

#: The form of plan that this code can carry out. A worker claims steps of no other.
FORMAT = 2
#: The most chapters of one report that render at once, so that a long book leaves room for others.
_RENDER_BOUND = 2


class PlanDoesNotExist(PermanentError):
    """A report names a plan that was never kept."""


@cache
def plan_of(product: Product) -> Document:
    """Return the plan of a product as it is defined now. Its id names its content.

    It holds all words that its steps need, so that every worker uses those with which the report was begun. It is
    made once in a process, since a long one takes a hundred prompt files. No caller may change it.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "product": product.name,
        "title": product.title,
        "subtitle": product.subtitle,
        "instructions": product.prompt("instructions"),
        "theme": {"accent": product.theme.accent, "tint": product.theme.tint},
        "bounds": {"write": product.pace.max_in_flight, "render": _RENDER_BOUND},
        "gap_s": {"write": product.pace.gap_s, "render": 0.0},
        "limits": product.limits.by_kind(),
        "steps": {step["key"]: step for step in _steps(product)},
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {"_id": f"{product.name}-{digest[:16]}", **content}


def _steps(product: Product) -> list[Document]:
    keys = product.step_keys()
    steps = [_finding(product, one, keys) for one in _needs_first(product)]
    titles = {one.id: one.title for one in product.parts}
    numbers = _numbers(product.chapters)
    for chapter in product.chapters:
        needs = [keys[section] for section in chapter.sections]
        heading = {
            "title": chapter.title,
            "subtitle": chapter.subtitle,
            "number": numbers.get(chapter.id),
            "level": 2 if chapter.under else 1,
            "titles": [titles[section] for section in chapter.sections],
        }
        steps.append({"key": f"render-{chapter.id}", "kind": "render", "needs": needs, **heading})
    chunks = [step["key"] for step in steps if step["kind"] == "render"]
    steps.append({"key": "assemble", "kind": "assemble", "needs": chunks, "title": product.title})
    return [{**step, "seq": seq} for seq, step in enumerate(steps)]


def _finding(product: Product, one: Section | Computation, keys: dict[str, str]) -> Document:
    step: Document = {"key": keys[one.id], "needs": [keys[other] for other in one.after], "title": one.title}
    if isinstance(one, Computation):
        return {**step, "kind": "compute", "computation": one.id}
    return {**step, "kind": "write", "section": one.id, "brief": product.prompt(one.brief_name)}


def _needs_first(product: Product) -> list[Section | Computation]:
    """Return sections and computations, each behind those that it follows, the sections in their own order."""
    known: dict[str, Section | Computation] = {one.id: one for one in product.parts}
    placed: dict[str, Section | Computation] = {}

    def place(one: Section | Computation) -> None:
        if one.id not in placed:
            for other in one.after:
                place(known[other])
            placed[one.id] = one

    for one in known.values():
        place(one)
    return list(placed.values())


def _numbers(chapters: Sequence[Chapter]) -> dict[str, int]:
    """Assign numbers to the openers of a book that has parts, or to the chapters of any other."""
    counted = [chapter.id for chapter in chapters if not chapter.sections] or [chapter.id for chapter in chapters]
    return {chapter: number for number, chapter in enumerate(counted, start=1)}


class PlanShelf:
    """Plans that this process has seen. They never change, so each is read or written once."""

    def __init__(self, db: Database) -> None:
        """Start empty."""
        self._db = db
        self._plans: dict[str, Document] = {}

    async def current(self, product: Product) -> Document:
        """Return the plan of a product as it is defined now, and keep it for the workers of its reports."""
        plan = plan_of(product)
        if plan["_id"] not in self._plans:
            await keep_plan(self._db, plan)
            self._plans[plan["_id"]] = plan
        return plan

    async def get(self, plan_id: str) -> Document:
        """Return a plan by its id. PlanDoesNotExist if it was never kept."""
        if plan_id not in self._plans:
            plan = await find_plan(self._db, plan_id)
            if plan is None:
                raise PlanDoesNotExist(f"There is no plan {plan_id}.")
            self._plans[plan_id] = plan
        return self._plans[plan_id]
