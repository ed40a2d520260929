"""Sources of a report's book: its plan's words, and the texts and values that were written and computed for it."""

from collections.abc import Mapping
from typing import Any

from actors.products.catalogue import PRODUCTS
from actors.products.definition import Occasion
from infra.book import BookSource, ChapterSource, SectionSource, Style
from infra.charts import Chart
from storage.order_state import paid_day
from storage.records.orders import Order
from storage.records.plans import Plan, PlannedStep
from storage.steps import part_of


def book_source(plan: Plan, order: Order, author: str, logo: str = "") -> BookSource:
    """Return the source of an order's book, under its brand's name and logo."""
    return BookSource(
        title=plan["title"],
        subtitle=plan["subtitle"],
        prepared_for=order["answers"].get("name", ""),
        date=paid_day(order),
        author=author,
        style=style_of(plan, order),
        logo=logo,
        ai_notice=order.get("ai_notice", False),
    )


def style_of(plan: Plan, order: Order) -> Style:
    """Return the colours of the order's brand, else of the plan, and the language that the customer asked for."""
    colours = order["colours"] or plan["theme"]
    return Style(accent=colours["accent"], tint=colours["tint"], language=order["answers"].get("language", "en"))


def chapter_source(plan: Plan, step: PlannedStep, values: Mapping[str, Any], order: Order) -> ChapterSource:
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
