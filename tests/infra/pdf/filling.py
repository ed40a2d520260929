"""How far text fills its pages, measured on the pages as they are printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pypdfium2 import PdfDocument

from actors.products.definition import Product
from actors.products.plans import plan_of
from actors.reports.sources import chapter_source, style_of
from handlers.cli.preview.sample import sample_order
from infra.book import ChapterSource, Style
from infra.local.llm.prose import write_prose
from storage.steps import part_of

#: The shares of a page's height at which the house's text begins and ends.
_TOP, _FOOT = 31 / 297, 264 / 297
#: Pixels a point: a line of text has six.
_SCALE = 0.5
_INK = 200
_SENTENCE = re.compile(r"(?<=[.?!]) ")


@dataclass(frozen=True)
class Fill:
    """Shares of their text's height that pages fill: of all, and of all that are not a chapter's last."""

    pages: tuple[float, ...]
    inner: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The mean of all pages."""
        return sum(self.pages) / len(self.pages)

    def __add__(self, other: "Fill") -> "Fill":
        return Fill(self.pages + other.pages, self.inner + other.inner)


def fill_of(chapter: bytes) -> Fill:
    """Measure a chapter's pages: each is as full as its lowest ink is deep."""
    with PdfDocument(chapter) as pdf:
        pages = tuple(_depth(page) for page in pdf)
    return Fill(pages, pages[:-1])


def _depth(page: object) -> float:
    picture = page.render(scale=_SCALE, grayscale=True).to_pil()  # type: ignore[attr-defined]
    top, foot = (round(picture.height * share) for share in (_TOP, _FOOT))
    text = picture.crop((0, top, picture.width, foot)).point(lambda shade: 255 * (shade < _INK))
    box = text.getbbox()
    return box[3] / text.height if box else 0.0


def chapters_of(product: Product, length: float) -> Iterator[tuple[ChapterSource, Style]]:
    """Yield the chapters of a product that have text, of a length beside that of the LLM's stub."""
    plan, order = plan_of(product), sample_order(product)
    texts = {section.id: text_of(product.name, section.id, length) for section in product.sections}
    for step in plan["steps"].values():
        if step["kind"] == "render" and step["titles"]:
            needed = {part_of(need): texts[part_of(need)] for need in step["needs"]}
            yield chapter_source(plan, step, needed, order), style_of(plan, order)


def text_of(product: str, section: str, length: float) -> str:
    """Return the stub's answer for a section, with so much of each paragraph left or said again."""
    blocks = write_prose("fill", product, section, "<name>Ada</name>", "word").split("\n\n")
    return "\n\n".join(block if block[0] in "#>|-" else _resized(block, length) for block in blocks)


def _resized(paragraph: str, length: float) -> str:
    sentences = _SENTENCE.split(paragraph)
    count = max(1, round(len(sentences) * length))
    return " ".join((sentences * 2)[:count])
