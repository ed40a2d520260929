"""The products that are sold: their size, their shape, and prompts that are worth their price."""

import pytest

from actors.products.catalogue import OFFERS, PRODUCTS
from actors.products.definition import Product
from actors.products.plans import plan_of
from storage.records.plans import PlannedStep

CLARITY, BLUEPRINT, HOROSCOPE = (
    PRODUCTS[name] for name in ("life_clarity", "personal_blueprint", "personal_horoscope")
)
#: Providers cache a prompt's beginning from 1,024 tokens on; a token of English is rarely more than five letters.
CACHED_FROM = 1024 * 5


def depths(product: Product) -> dict[str, int]:
    """Return the number of calls, one after another, that each section takes."""
    found: dict[str, int] = {}
    for section in product.sections:
        found[section.id] = 1 + max((found[other] for other in section.after), default=0)
    return found


def steps_of(product: Product, kind: str) -> list[PlannedStep]:
    """Return the steps of one kind."""
    return [step for step in plan_of(product)["steps"].values() if step["kind"] == kind]


@pytest.mark.parametrize(
    ("product", "price", "needed", "sections", "chunks", "deep"),
    [
        (CLARITY, 1900, "name question", 4, 4, 1),
        (BLUEPRINT, 4900, "name birth_date", 52, 20, 5),
        (HOROSCOPE, 9900, "name birth_date birth_place", 161, 29, 4),
    ],
)
def test_a_product_is_as_large_and_as_deep_as_it_is_sold(
    product: Product, price: int, needed: str, sections: int, chunks: int, deep: int
) -> None:
    """Its price, what it asks for, its calls, its chunks, and how many calls must wait for one another."""
    offer = OFFERS[product.name]
    assert (offer.price, list(offer.needed), offer.reports) == (price, needed.split(), (product.name,))
    assert (len(steps_of(product, "write")), len(steps_of(product, "render"))) == (sections, chunks)
    assert max(depths(product).values()) == deep


def test_a_month_is_an_overview_and_twelve_sections_that_follow_it() -> None:
    """The horoscope's months differ in their titles only; the closing sections know all twelve."""
    by_id = {section.id: section for section in HOROSCOPE.sections}
    overviews = [f"month_{number:02}_overview" for number in range(1, 13)]
    for overview in overviews:
        assert by_id[overview].after == ("opening",)
        inside = [
            section for section in HOROSCOPE.sections if overview in section.after and section.id[:5] == "month"
        ]
        assert [section.after for section in inside] == [("opening", overview)] * 12
        assert [section.brief for section in inside] == [s.brief for s in HOROSCOPE.sections[2:14]]
    assert all(set(overviews) <= set(section.after) for section in HOROSCOPE.sections[-4:])


def test_a_months_title_page_and_its_overview_name_the_same_station() -> None:
    """What stands below a month's title is what the overview's author is told of that month."""
    lines = HOROSCOPE.prompt("overview").splitlines()
    openers = [chapter for chapter in HOROSCOPE.chapters if not chapter.sections]
    for number, opener in enumerate(openers, start=1):
        (line,) = (line for line in lines if line.startswith(f"{number}. "))
        assert f"{number}. {opener.title.split()[1]}, {opener.subtitle.lower()}:" in line


def test_a_part_follows_its_lead_and_the_opening() -> None:
    """Each section of the blueprint's parts knows the opening, and the first section of its own part."""
    parts = [
        [s for s in BLUEPRINT.sections if s.id.split("_")[0] == c.id] for c in BLUEPRINT.chapters if not c.sections
    ]
    assert [len(part) for part in parts] == [6] * 8
    for lead, *others in parts:
        assert "opening_key" in lead.after
        assert all({"opening_key", lead.id} <= set(other.after) for other in others)


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
def test_titles_are_told_apart_and_can_be_printed_whole(product: Product) -> None:
    """No two sections or parts bear the same title, and none is longer than the page's head can hold."""
    openers = [chapter.title for chapter in product.chapters if not chapter.sections]
    titles = [*(section.title for section in product.sections), *openers]
    assert len(set(titles)) == len(titles)
    assert max(map(len, titles)) <= 45


@pytest.mark.parametrize("product", PRODUCTS.values(), ids=PRODUCTS.keys())
def test_every_prompt_is_used_and_the_static_part_is_cached(product: Product) -> None:
    """No prompt is left over or says nothing, and the instructions are long enough for the provider's cache."""
    named = {"instructions", *(section.brief_name for section in product.sections)}
    assert {file.stem for file in (product.folder / "prompts").iterdir()} == named
    assert all(len(product.prompt(name).split()) >= 60 for name in named)
    assert len(product.prompt("instructions")) > CACHED_FROM
