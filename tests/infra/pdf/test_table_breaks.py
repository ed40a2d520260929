"""Tables that a page ends in the middle of."""

import re
from itertools import chain

import pytest

from infra.local.pdf_text import page_texts
from tests.infra.pdf.press import Press, text_chapter

ROWS = 14
WORDS = (
    "some words that say a little, and fill the cell to two lines or even to three of them, as they do in books"
)


def rows_by_page(press: Press, lines_before: int) -> list[list[int]]:
    """Set a table after so many lines. Returns the numbers of its rows on each page that has some."""
    rows = "\n".join(f"| Row{number}x | {WORDS} |" for number in range(1, ROWS + 1))
    before = "A line of text.\n\n" * lines_before
    texts = page_texts(press.set(text_chapter(f"{before}| What | How |\n|---|---|\n{rows}")).pdf)
    return [found for text in texts if (found := [int(number) for number in re.findall(r"Row(\d+)x", text)])]


@pytest.mark.parametrize("lines_before", [0, 14, 16, 29, 31])
def test_no_row_of_a_table_is_alone_on_a_page(press: Press, lines_before: int) -> None:
    """Wherever a page ends, two rows or more stay together before and after it, and none is lost."""
    pages = rows_by_page(press, lines_before)
    assert [*chain(*pages)] == list(range(1, ROWS + 1))
    assert min(len(page) for page in pages) >= 2
