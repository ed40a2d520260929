"""Plans: the steps of a product's definition, and the shelf from which workers read them."""

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from actors.products.definition import Chapter, Computation, Product, Section
from infra.errors import PermanentError
from storage.database import Database
from storage.plans import find_plan, keep_plan
from storage.records.plans import Plan, PlannedStep, StepKind

#: The forms of plan that this code can carry out, of which it makes the last. A worker claims steps of no other.
FORMATS = (2,)
#: The most chapters of one report that render at once, so that a long book leaves room for others.
_RENDER_BOUND = 2


class PlanDoesNotExist(PermanentError):
    """A report names a plan that was never kept."""


@cache
def plan_of(product: Product) -> Plan:
    """Return the plan of a product as it is defined now. Its id names its content.

    It holds all words that its steps need, so that every worker uses those with which the report was begun. It is
    made once in a process, since a long one takes a hundred prompt files. No caller may change it.
    """
    plan: Plan = {
        "_id": "",
        "format": FORMATS[-1],
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
    if product.effort is not None:
        plan["effort"] = product.effort
    digest = hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
    plan["_id"] = f"{product.name}-{digest[:16]}"
    return plan


def _steps(product: Product) -> list[PlannedStep]:
    keys = product.step_keys()
    steps = [_finding(product, one, keys) for one in _needs_first(product)]
    numbers = _numbers(product.chapters)
    steps += [_chapter(product, chapter, numbers.get(chapter.id), keys) for chapter in product.chapters]
    chunks = [step["key"] for step in steps if step["kind"] == "render"]
    steps.append({"key": "assemble", "kind": "assemble", "needs": chunks, "title": product.title, "seq": 0})
    for seq, step in enumerate(steps):
        step["seq"] = seq
    return steps


def _finding(product: Product, one: Section | Computation, keys: dict[str, str]) -> PlannedStep:
    """Return the step that writes a section or makes a computation. Its place is still to be set."""
    kind: StepKind = "compute" if isinstance(one, Computation) else "write"
    needs = [keys[other] for other in one.after]
    step: PlannedStep = {"key": keys[one.id], "kind": kind, "needs": needs, "title": one.title, "seq": 0}
    if isinstance(one, Computation):
        step["computation"] = one.id
    else:
        step |= {"section": one.id, "brief": product.prompt(one.brief_name)}
    return step


def _chapter(product: Product, chapter: Chapter, number: int | None, keys: dict[str, str]) -> PlannedStep:
    """Return the step that sets a chapter. Its place is still to be set."""
    titles = {one.id: one.title for one in product.parts}
    return {
        "key": f"render-{chapter.id}",
        "kind": "render",
        "needs": [keys[part] for part in (*chapter.sections, *chapter.after)],
        "title": chapter.title,
        "subtitle": chapter.subtitle,
        "number": number,
        "level": 2 if chapter.under else 1,
        "titles": [titles[section] for section in chapter.sections],
        "seq": 0,
    }


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


class Changes(NamedTuple):
    """Differences between two plans of a product, by the keys of their steps."""

    changed: set[str]
    new: set[str]
    gone: set[str]


def changes_between(old: Plan, new: Plan) -> Changes:
    """Return the steps that differ by themselves. Those that only follow from such are not among them."""
    before, after = old["steps"].keys(), new["steps"].keys()
    changed = {key for key in before & after if _ground_of(old, key) != _ground_of(new, key)}
    return Changes(changed, set(after - before), set(before - after))


def _ground_of(plan: Plan, key: str) -> dict[str, object]:
    """Return all of a plan that a step's result depends on. Its place in the plan's order is not of it."""
    step = plan["steps"][key]
    shared: dict[StepKind, tuple[object, ...]] = {
        "write": (plan["instructions"], plan.get("effort")),
        "render": (plan["title"], plan["theme"]),
        "assemble": (plan["title"], plan["subtitle"], plan["theme"]),
    }
    return {**step, "seq": None, "shared": shared.get(step["kind"])}


class PlanShelf:
    """Plans that this process has seen. They never change, so each is read or written once."""

    def __init__(self, db: Database) -> None:
        """Start empty."""
        self._db = db
        self._plans: dict[str, Plan] = {}

    async def current(self, product: Product) -> Plan:
        """Return the plan of a product as it is defined now, and keep it for the workers of its reports."""
        plan = plan_of(product)
        if plan["_id"] not in self._plans:
            await keep_plan(self._db, plan)
            self._plans[plan["_id"]] = plan
        return plan

    async def get(self, plan_id: str) -> Plan:
        """Return a plan by its id. PlanDoesNotExist if it was never kept."""
        if plan_id not in self._plans:
            plan = await find_plan(self._db, plan_id)
            if plan is None:
                raise PlanDoesNotExist(f"There is no plan {plan_id}.")
            self._plans[plan_id] = plan
        return self._plans[plan_id]
