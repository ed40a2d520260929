"""The counts that `make size` prints."""

from tests.house.__main__ import module_of, sources
from tests.house.circles import circles
from tests.house.source import Counts, count

SAMPLE = '''"""What a sample is, and who reads it. Nobody does: it says what it says."""

import os
from typing import (
    Any,
)

#: No code.
WORDS = """one

two"""


def first(query: Document, **rest: Any) -> int:
    """Return one thing, or what is left, for whoever asks."""

    def inner() -> list[Document]:
        return [one for one in query]  # a comment

    return 1 if query else len(inner())


class Second:
    """A class; no signature."""

    found: Document
'''


def test_a_sample_is_counted_as_it_was_written() -> None:
    """Only lines with code are counted, of functions as well, and clauses of a kind where they begin."""
    expected = Counts(
        files=1,
        lines=8,
        functions=(4, 2),
        documents=2,
        comprehensions=1,
        ternaries=1,
        words=29,
        nounless=4,
    )
    assert count(SAMPLE) == expected
    assert (count(SAMPLE) + count("x = 1\n")).lines == 9


def test_a_circle_is_found_by_whatever_way_it_leads() -> None:
    """Modules that reach one another are one circle, also from within functions."""
    found = {
        "house": "from house import a\n",
        "house.a": "import house.b\n",
        "house.b": "def later():\n    from house.c import thing\n",
        "house.c": "from house import a, d\n",
        "house.d": "import os\n",
    }
    assert circles(found) == [["house.a", "house.b", "house.c"]]


def test_no_module_of_the_product_imports_in_a_circle() -> None:
    """Each module can be read, and loaded, after those that it imports."""
    assert circles({module_of(path): text for path, text in sources().items()}) == []
