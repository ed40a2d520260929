"""Book of a preview. Each chapter is kept under the hash of all that decides it, and set only if it is new."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actors.products.definition import Product
from actors.products.plans import plan_of
from actors.reports.sources import book_source, chapter_source, style_of
from handlers.cli.preview.sample import sample_order
from handlers.cli.preview.values import ProductFails, find_values
from infra.book import ChapterSource, Style
from infra.pdf import Renderer, chunk_key
from storage.records.orders import Order
from storage.records.plans import Plan, PlannedStep
from storage.steps import part_of

_AUTHOR = "Pressroom"

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Preview:
    """A finished preview: the PDF's file, and how many chapters had to be set for it."""

    file: Path
    pages: int
    bytes: int
    chapters_set: int
    chapters_reused: int


async def set_preview(product: Product, shelf: Path, file: Path, tell: Tell) -> Preview:
    """Set the chapters missing in the folder `shelf`, and bind the book into `file`. Remove unneeded chapters.

    `tell` is called with the chapters set so far, and those to set in all. Fails as the renderer does, with
    ProductFails, or with OSError.
    """
    plan, order = plan_of(product), sample_order(product)
    style = style_of(plan, order)
    bound = file.with_suffix(".new")
    renderer = Renderer()
    try:
        found = _chapters(plan, await find_values(renderer, product), order)
        chapters = {shelf / f"{chunk_key(chapter, style)}.pdf": chapter for chapter in found}
        missing = {chunk: chapter for chunk, chapter in chapters.items() if not chunk.exists()}
        await _set_chapters(renderer, missing, style, tell)
        book = await renderer.assemble(book_source(plan, order, _AUTHOR), list(chapters), bound)
    finally:
        await renderer.close()
    bound.replace(file)
    _clear(shelf, set(chapters))
    return Preview(file, book.pages, book.size, len(missing), len(chapters) - len(missing))


def _chapters(plan: Plan, values: Mapping[str, Any], order: Order) -> list[ChapterSource]:
    steps = [step for step in plan["steps"].values() if step["kind"] == "render"]
    return [_chapter(plan, step, values, order) for step in steps]


def _chapter(plan: Plan, step: PlannedStep, values: Mapping[str, Any], order: Order) -> ChapterSource:
    """Return a chapter, given what it needs. ProductFails if it has a chart that cannot be drawn."""
    needs = map(part_of, step["needs"])
    try:
        return chapter_source(plan, step, {one: values[one] for one in needs}, order)
    except Exception as error:
        raise ProductFails(plan["product"], f"the chart of the chapter {part_of(step['key'])}", error) from error


async def _set_chapters(renderer: Renderer, wanted: dict[Path, ChapterSource], style: Style, tell: Tell) -> None:
    done = 0

    async def set_chapter(chunk: Path, chapter: ChapterSource) -> None:
        nonlocal done
        made = await renderer.render_chapter(chapter, style)
        # Whole or not at all: half a file would be taken for a chapter by every later preview.
        unfinished = chunk.with_suffix(".new")
        unfinished.write_bytes(made.pdf)
        unfinished.replace(chunk)
        done += 1
        tell(done, len(wanted))

    await asyncio.gather(*(set_chapter(chunk, chapter) for chunk, chapter in wanted.items()))


def _clear(shelf: Path, needed: set[Path]) -> None:
    for chunk in set(shelf.iterdir()) - needed:
        chunk.unlink()
