"""Sextet: six sections, four of them at once, and a computation. Duet: two. Together they are an octet."""

from pathlib import Path

from actors.products import questions
from actors.products.definition import Chapter, Computation, Found, Pace, Product, Section, Theme
from tests.products import choir

NAME, PRICE = "octet", 1500
_FIRST = ("first", "second", "third", "fourth")
_THEN = ("fifth", "sixth")


def count_words(found: Found) -> str:
    """Return how many words the first section has."""
    return f"The first voice said {len(found.values['first'].split())} words."


def _section(key: str, after: tuple[str, ...] = ()) -> Section:
    return Section(key, f"What the {key.title()} Says", after=after, brief="voice")


SEXTET = Product(
    name="sextet",
    title="Sextet",
    subtitle="Six answers",
    price=900,
    promise_s=600,
    needed=(questions.NAME, questions.QUESTION),
    computations=(Computation("count", count_words, after=("first",), title="How much was said"),),
    sections=(*map(_section, _FIRST), *(_section(key, after=_FIRST) for key in _THEN)),
    chapters=(
        Chapter("begin", "In the Beginning", _FIRST),
        Chapter("end", "In the End", (*_THEN, "count")),
    ),
    pace=Pace(max_in_flight=4),
    theme=Theme(accent="#5a3d45", tint="#f1eaee"),
    folder=Path(choir.__file__).parent,
)
DUET = Product(
    name="duet",
    title="Duet",
    subtitle="Two answers",
    price=700,
    promise_s=600,
    needed=(questions.NAME, questions.QUESTION),
    sections=(_section("high"), _section("low", after=("high",))),
    chapters=(Chapter("all", "All of It", ("high", "low")),),
    pace=Pace(max_in_flight=2),
    theme=Theme(accent="#5a3d45", tint="#f1eaee"),
    folder=Path(choir.__file__).parent,
)
PRODUCTS = (SEXTET, DUET)
