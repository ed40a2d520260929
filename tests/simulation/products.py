"""What is bought in a simulation: reports as small as they can be with every kind of order between steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from actors.products.catalogue import OFFERS, PRODUCTS, sell, sell_together
from actors.products.definition import Chapter, Pace, Product, Section, Theme
from actors.products.questions import NAME, QUESTION
from tests.products import choir
from tests.products.selling import catalogue_kept


def _product(name: str, sections: tuple[Section, ...], chapters: tuple[Chapter, ...], bound: int) -> Product:
    return Product(
        name=name,
        title=name.title(),
        subtitle="Few words",
        price=900,
        promise_s=3000,
        needed=(NAME, QUESTION),
        sections=sections,
        chapters=chapters,
        pace=Pace(max_in_flight=bound),
        theme=Theme(accent="#5a3d45", tint="#f1eaee"),
        folder=Path(choir.__file__).parent,
    )


#: Two sections that a third needs, more than may be written at once; two chapters of them.
FORK = _product(
    "fork",
    (
        Section("left", "Left", brief="voice"),
        Section("right", "Right", brief="voice"),
        Section("both", "Both", after=("left", "right"), brief="voice"),
    ),
    (Chapter("first", "First", ("left", "right")), Chapter("last", "Last", ("both",))),
    bound=2,
)
#: Two sections that stand alone, one at a time.
PAIR = _product(
    "pair",
    (Section("one", "One", brief="voice"), Section("two", "Two", brief="voice")),
    (Chapter("all", "All", ("one", "two")),),
    bound=1,
)
BOTH = "fork_and_pair"
PRICES = {"fork": 900, "pair": 900, BOTH: 1500}
BOUNDS = {"fork": {"write": 2, "render": 2}, "pair": {"write": 1, "render": 2}}


@contextmanager
def sold() -> Iterator[None]:
    """Sell these products, and no others, for a while."""
    with catalogue_kept():
        PRODUCTS.clear()
        OFFERS.clear()
        sell(FORK)
        sell(PAIR)
        sell_together(BOTH, "Both", "Two reports", PRICES[BOTH], (FORK, PAIR))
        yield
