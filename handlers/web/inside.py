"""What is inside a report, for whoever thinks of buying it: parts, sections, and pages of a sample."""

import json
from pathlib import Path
from typing import NamedTuple

from actors.products.definition import Product

#: Made by `make samples`.
_FOLDER = Path(__file__).parent / "static" / "samples"


class Part(NamedTuple):
    """Part of a report, with the titles of what stands in it; none, if it is a single section."""

    title: str
    subtitle: str
    sections: list[str]


class Picture(NamedTuple):
    """Picture of a sample's page."""

    file: str
    title: str
    width: int
    height: int


class Sample(NamedTuple):
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


def _read_samples() -> dict[str, Sample]:
    listed = json.loads((_FOLDER / "samples.json").read_text("utf-8"))
    return {
        product: Sample(one["pages"], [Picture(**picture) for picture in one["pictures"]])
        for product, one in listed.items()
    }


#: By product. A product without a sample is sold all the same.
SAMPLES = _read_samples()
