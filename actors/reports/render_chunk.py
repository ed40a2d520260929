"""Sets one chapter as soon as its sections are written, or what its chart shows is computed."""

from collections.abc import Mapping
from typing import Any

from actors.deps.worker import WorkDeps
from actors.products.catalogue import PRODUCTS
from actors.products.definition import Occasion
from actors.reports.claim import Claim
from infra.charts import Chart
from infra.metrics import RENDER_S
from infra.pdf import ChapterSource, SectionSource, Style, chunk_key
from storage.objects import chunk_key as object_key
from storage.order_state import paid_day
from storage.records.orders import Order
from storage.records.plans import Plan, PlannedStep
from storage.records.work import StepResult
from storage.steps import part_of


async def render_chunk(deps: WorkDeps, claim: Claim) -> StepResult:
    """Set the chapter, unless its PDF is there already. Returns the PDF's place and number of pages."""
    plan = await deps.plans.get(claim.step["plan"])
    chapter = chapter_of(plan, plan["steps"][claim.step["key"]], await claim.values(), claim.order)
    style = style_of(plan, claim.order)
    key = object_key(claim.order["_id"], claim.step["product"], chunk_key(chapter, style))
    pages = await _stored_pages(deps, claim, key)
    if pages is None:
        with RENDER_S.labels("chapter").time():
            chunk = await deps.typesetter.render_chapter(chapter, style)
        pages = chunk.pages
        await deps.objects.put(key, chunk.pdf, pages=str(pages))
        deps.recent_chunks.keep(key, chunk.pdf)
    return {"object": key, "pages": pages}


async def _stored_pages(deps: WorkDeps, claim: Claim, key: str) -> int | None:
    """Return the number of pages of a chunk that an earlier claim has stored, or None.

    A step's first claim need not ask.
    """
    facts = await deps.objects.facts(key) if claim.step["epoch"] > 1 else None
    return int(facts["pages"]) if facts else None


def style_of(plan: Plan, order: Order) -> Style:
    """Return the colours of the order's brand, else of the plan, and the language that the customer asked for."""
    colours = order["colours"] or plan["theme"]
    return Style(accent=colours["accent"], tint=colours["tint"], language=order["answers"].get("language", "en"))


def chapter_of(plan: Plan, step: PlannedStep, values: Mapping[str, Any], order: Order) -> ChapterSource:
    """Return the chapter that a step of the plan sets, from the texts and values that it needs, by part."""
    texts = [_text_of(values[part_of(need)]) for need in step["needs"]]
    return ChapterSource(
        anchor=step["key"],
        number=step["number"],
        level=step["level"],
        title=step["title"],
        subtitle=step["subtitle"],
        sections=tuple(map(SectionSource, step["titles"], texts)),
        running_title=plan["title"],
        chart=chart_of(plan["product"], part_of(step["key"]), order, values),
    )


def _text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def chart_of(product: str, chapter: str, order: Order, values: Mapping[str, Any]) -> Chart | None:
    """Return the chart of a chapter as its product is defined now, or None if it has none.

    It is a pure function of the answers, of the day, and of the values that the chapter follows, drawn when the
    chapter is set.
    """
    found = next((one for one in PRODUCTS[product].chapters if one.id == chapter), None)
    return found.draw(Occasion(order["answers"], paid_day(order), values)) if found else None
