"""Plans: what a product's definition comes to as steps, and the shelf from which workers read them."""

import hashlib
import json
from typing import Any

from actors.product import Product
from infra.errors import PermanentError
from storage.database import Database, Document
from storage.plans import find_plan, keep_plan

#: The form of plan that this code can carry out. A worker claims steps of no other.
FORMAT = 1
#: Chapters of one report that may be rendering at once, so that a long book leaves room for others.
_RENDER_BOUND = 2


class PlanDoesNotExist(PermanentError):
    """A report names a plan that nobody has kept."""


def plan_of(product: Product) -> Document:
    """Return the plan of a product as it is defined now. Its id names its content.

    It holds all words that its steps need, so that whoever finishes a report uses those it was begun with.
    """
    content: dict[str, Any] = {
        "format": FORMAT,
        "product": product.name,
        "title": product.title,
        "subtitle": product.subtitle,
        "instructions": product.instructions,
        "theme": {"accent": product.theme.accent, "tint": product.theme.tint},
        "bounds": {"write": product.pace.max_in_flight, "render": _RENDER_BOUND},
        "gap_s": {"write": product.pace.gap_s, "render": 0.0},
        "steps": {step["key"]: step for step in _steps(product)},
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return {"_id": f"{product.name}-{digest[:16]}", **content}


def _steps(product: Product) -> list[Document]:
    steps: list[Document] = []
    titles = {section.id: section.title for section in product.sections}
    for section in product.sections:
        needs = [f"write-{other}" for other in section.after]
        words = {"section": section.id, "title": section.title, "brief": product.prompt(section.id)}
        steps.append({"key": f"write-{section.id}", "kind": "write", "needs": needs, **words})
    for number, chapter in enumerate(product.chapters, start=1):
        needs = [f"write-{section}" for section in chapter.sections]
        heading = {"title": chapter.title, "number": number, "titles": [titles[s] for s in chapter.sections]}
        steps.append({"key": f"render-{chapter.id}", "kind": "render", "needs": needs, **heading})
    chunks = [step["key"] for step in steps if step["kind"] == "render"]
    steps.append({"key": "assemble", "kind": "assemble", "needs": chunks, "title": product.title})
    return [{**step, "seq": seq} for seq, step in enumerate(steps)]


class PlanShelf:
    """The plans that this process has seen; they never change, so each is read or written once."""

    def __init__(self, db: Database) -> None:
        """Start empty."""
        self._db = db
        self._plans: dict[str, Document] = {}

    async def current(self, product: Product) -> Document:
        """Return the plan of a product as it is defined now, kept for whoever finishes it."""
        plan = plan_of(product)
        if plan["_id"] not in self._plans:
            await keep_plan(self._db, plan)
            self._plans[plan["_id"]] = plan
        return plan

    async def get(self, plan_id: str) -> Document:
        """Return a plan by its id; PlanDoesNotExist if nobody has kept it."""
        if plan_id not in self._plans:
            plan = await find_plan(self._db, plan_id)
            if plan is None:
                raise PlanDoesNotExist(f"There is no plan {plan_id}.")
            self._plans[plan_id] = plan
        return self._plans[plan_id]
