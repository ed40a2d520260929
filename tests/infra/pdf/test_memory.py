"""What a long book takes of a machine's memory: the short form of `make bench-pdf`."""

import sys

import pytest

from tests.benchmarks.pdf.runs import run

#: Of the promise: for all processes of the renderer together, whatever the book's length.
BOUND_MB = 200


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_a_long_book_is_set_and_bound_within_the_promised_memory() -> None:
    """Two children set chapters, one binds a book of 20 parts, and all of them stay under 200 MB together."""
    made = run("ours in short", 13)
    assert made["pages"] > 300
    assert 0 < made["tree MB"] < BOUND_MB
