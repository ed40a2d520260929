"""How full pages of text are, where sections are as long as they are asked for, and longer and shorter."""

from functools import reduce
from operator import add

from actors.products.catalogue import PRODUCTS
from tests.benchmarks.measured import Measured, Row, say
from tests.infra.pdf.filling import Fill, chapters_of, fill_of
from tests.infra.pdf.press import Press, new_press

_BOOKS = ("life_clarity", "personal_blueprint", "personal_horoscope")
_LENGTHS = (0.7, 1.0, 1.3)
_LITTLE = 1 / 3


def measure() -> Measured:
    """Set each book at each length. Openers, which are pictures, and the contents are no text."""
    with new_press() as press:
        rows = [_row(press, book, length) for book in _BOOKS for length in _LENGTHS]
    long = [row["mean"] for row in rows if row["book"] != "life_clarity"]
    return Measured("How full pages of text are", rows, {"page_fill_least_mean": min(long)})


def _row(press: Press, book: str, length: float) -> Row:
    fills = [fill_of(press.set(*one).pdf) for one in chapters_of(PRODUCTS[book], length)]
    fill = reduce(add, fills, Fill((), ()))
    say(f"{book} at {length:g} of its length: {fill.mean:.2f}")
    little = [sum(share < _LITTLE for share in pages) for pages in (fill.pages, fill.inner)]
    return {
        "book": book,
        "length": length,
        "pages": len(fill.pages),
        "mean": fill.mean,
        "under a third": little[0],
        "of them not a chapter's last": little[1],
    }
