"""`python -m tests.benchmarks.plans.rendering FILE`: the chapters of some books set and bound, and nothing else.

The file holds pickled books, each with what it says of itself and its chapters. Printed as JSON are the seconds
that setting took, and binding.
"""

import asyncio
import json
import pickle
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from infra.book import BookSource, ChapterSource
from infra.pdf import Renderer

Books = Sequence[tuple[BookSource, Sequence[ChapterSource]]]


async def render(books: Books) -> tuple[float, float]:
    """Return how long it takes to set all chapters, then to bind all books, with a worker's number of children."""
    renderer = Renderer()
    await asyncio.gather(renderer.warm_up(), renderer.warm_up())
    with tempfile.TemporaryDirectory(prefix="pressroom-bench-") as folder:

        async def set_chapter(book: int, nth: int) -> None:
            source, chapters = books[book]
            chunk = await renderer.render_chapter(chapters[nth], source.style)
            file(book, nth).write_bytes(chunk.pdf)

        async def bind(book: int) -> None:
            source, chapters = books[book]
            chunks = [file(book, nth) for nth in range(len(chapters))]
            await renderer.assemble(source, chunks, Path(folder) / f"{book}.pdf")

        def file(book: int, nth: int) -> Path:
            return Path(folder) / f"{book}-{nth}.pdf"

        began = time.monotonic()
        wanted = [(book, nth) for book, (_, chapters) in enumerate(books) for nth in range(len(chapters))]
        await asyncio.gather(*(set_chapter(book, nth) for book, nth in wanted))
        set_at = time.monotonic()
        await asyncio.gather(*map(bind, range(len(books))))
        bound_at = time.monotonic()
    await renderer.close()
    return set_at - began, bound_at - set_at


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(render(pickle.loads(Path(sys.argv[1]).read_bytes())))))  # noqa: S301  # our own
