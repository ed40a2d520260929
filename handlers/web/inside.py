"""What is inside a report, for whoever thinks of buying it: parts, sections, and pages of a sample."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from actors.products.definition import Product

_SAMPLES = Path(__file__).parent / "static" / "samples" / "samples.json"


class Part(NamedTuple):
    """Part of a report, with the titles of what stands in it; none, if it is a single section."""

    title: str
    subtitle: str
    sections: list[str]


class Picture(msgspec.Struct, frozen=True):
    """Picture of a sample's page."""

    file: str
    title: str
    width: int
    height: int


class Sample(msgspec.Struct, frozen=True):
    """Sample of a report: the number of its pages, and pictures of some."""

    pages: int
    pictures: list[Picture]


def parts_of(product: Product) -> list[Part]:
    """Return the parts of a report in their order."""
    titles = {part.id: part.title for part in product.parts}
    parts: dict[str, Part] = {}
    for chapter in product.chapters:
        sections = [titles[section] for section in chapter.sections if titles[section] != chapter.title]
        if chapter.under:
            parts[chapter.under].sections.extend([chapter.title, *sections] if chapter.title else sections)
        else:
            parts[chapter.id] = Part(chapter.title, chapter.subtitle, sections)
    return list(parts.values())


#: By product. A product without a sample is sold all the same. Made by `make samples`.
SAMPLES = msgspec.json.decode(_SAMPLES.read_bytes(), type=dict[str, Sample])
