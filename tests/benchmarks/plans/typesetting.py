"""`python -m tests.benchmarks.plans.typesetting FILE PROCESSES`: books set and bound, and nothing else.

The file holds pickled books, each with what it says of itself and its chapters. Printed as JSON are the seconds
that setting and binding took by the clock, and by the processors.
"""

import json
import pickle
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from infra.book import BookSource, ChapterSource
from infra.pdf.children import bind_book, enter_child, set_chapter

Book = tuple[BookSource, list[ChapterSource]]


def typeset(books: list[Book], processes: int, folder: Path) -> tuple[float, float]:
    """Return how long so many warm processes take to set all chapters, then to bind all books; and their CPU."""
    with ProcessPoolExecutor(processes, initializer=enter_child) as pool:
        some = [partial(_set, folder / "warm", books[0], nth % len(books[0][1])) for nth in range(10 * processes)]
        list(pool.map(_timed, some))
        chapters = [
            partial(_set, folder / str(nth), book, at)
            for nth, book in enumerate(books)
            for at in range(len(book[1]))
        ]
        bindings = [partial(_bind, folder / str(nth), book) for nth, book in enumerate(books)]
        began = time.monotonic()
        used_s = sum(pool.map(_timed, chapters)) + sum(pool.map(_timed, bindings))
        return time.monotonic() - began, used_s


def _timed(work: Callable[[], None]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def _set(folder: Path, book: Book, at: int) -> None:
    source, chapters = book
    folder.mkdir(exist_ok=True)
    (folder / f"{at}.pdf").write_bytes(set_chapter(chapters[at], source.style).pdf)


def _bind(folder: Path, book: Book) -> None:
    source, chapters = book
    bind_book(source, tuple(folder / f"{at}.pdf" for at in range(len(chapters))), folder / "book.pdf")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as place:
        asked = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301  # our own
        sys.stdout.write(json.dumps(typeset(asked, int(sys.argv[2]), Path(place))))
