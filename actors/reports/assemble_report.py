"""Binds the chapters of a report into one PDF, and stores it under the hash of its content."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from actors.deps.worker import WorkDeps
from actors.mail.brand import brand_name, logo_of
from actors.reports.claim import Claim, ClaimIsLost
from actors.reports.replay import ReplayIsUnderWay, lost_chunks, replay
from actors.reports.sources import book_source
from infra.errors import TransientError
from infra.logs import log
from infra.metrics import RENDER_S
from infra.tracing import span
from storage.objects import ObjectDoesNotExist, book_key, pdf_key
from storage.records.work import StepResult

#: The number of chunks that are fetched at once: enough to hide S3's latency, and no more than its threads.
_AT_ONCE = 8
#: The number of tries for a chunk. Of hundreds one may fail by chance, and the others need not be fetched again
#: for it.
_TRIES = 4
#: The run from which on lost chapters are a person's: S3 does not keep what it is given.
_MOST_RUNS = 5
#: The prefix of the folders to work in.
_PREFIX = "pressroom-work-"
#: No message is worked on for longer than an hour, so a folder that was left this long ago is not in use.
_LEFT_S = 7200.0


class ChaptersAreLost(TransientError):
    """S3 has lost chapters, and they cannot be set again now."""


async def assemble_report(deps: WorkDeps, claim: Claim) -> StepResult:
    """Bind the report's book. Returns the PDF's place, its SHA-256, pages and bytes.

    ClaimIsLost if S3 has lost chapters: they are set again, and the book is bound after them.
    """
    plan = await deps.plans.get(claim.step["plan"])
    chunks = await claim.results()
    order, product = claim.order, claim.step["product"]
    source = book_source(plan, order, brand_name(deps, order["tenant"]), logo_of(deps, order["tenant"]) or "")
    async with workroom() as folder:
        files = [folder / f"{number}.pdf" for number in range(len(chunks))]
        keys = [chunks[need]["object"] for need in claim.step["needs"]]
        try:
            await _fetch(deps, [pair for pair in zip(keys, files, strict=True) if not _at_hand(deps, *pair)])
        except ObjectDoesNotExist:
            lost = await lost_chunks(deps, claim.step)
            if not lost or claim.step["run"] >= _MOST_RUNS:
                raise
            await _set_again(deps, claim, lost)
            raise ClaimIsLost from None
        with RENDER_S.labels("book").time(), span("bind book"):
            book = await deps.typesetter.assemble(source, files, folder / "book.pdf")
        stored = book_key(order["_id"], product, book.sha256)
        with span("upload book", bytes=book.size, pages=book.pages):
            await deps.objects.put_file(stored, book.path)
    return {
        "key": pdf_key(order["_id"], product),
        "object": stored,
        "sha256": book.sha256,
        "pages": book.pages,
        "bytes": book.size,
    }


async def _set_again(deps: WorkDeps, claim: Claim, lost: list[str]) -> None:
    """Have lost chapters set again, and the book bound after them, in a new run. ChaptersAreLost if not now."""
    step = claim.step
    log.warning("chapters_lost", count=len(lost))
    try:
        await replay(deps, step["order"], step["product"], [step["_id"], *lost], printing=True)
    except ReplayIsUnderWay as error:
        raise ChaptersAreLost("S3 has lost chapters, and another report of the order is replayed.") from error


@asynccontextmanager
async def workroom() -> AsyncIterator[Path]:
    """Provide an empty folder below the system's own for temporary files (TMPDIR), and remove it afterwards."""
    await asyncio.to_thread(_clear_leftovers)
    # A thread that was given up may still be writing here, which must not make the work fail.
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _clear_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _LEFT_S:
                shutil.rmtree(folder, ignore_errors=True)


def _at_hand(deps: WorkDeps, key: str, file: Path) -> bool:
    """Write the chunk into its file if this process set it lately. False if it did not."""
    pdf = deps.recent_chunks.take(key)
    if pdf is not None:
        file.write_bytes(pdf)
    return pdf is not None


async def _fetch(deps: WorkDeps, chunks: Iterable[tuple[str, Path]]) -> None:
    """Copy the chunks into their files. The first that fails ends the copying of all."""
    waiting = iter(chunks)

    async def fetch_on() -> None:
        for key, file in waiting:
            await _fetch_one(deps, key, file)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(fetch_on())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _fetch_one(deps: WorkDeps, key: str, file: Path) -> None:
    for _ in range(_TRIES - 1):
        with suppress(TransientError):
            return await deps.objects.fetch_file(key, file)
    return await deps.objects.fetch_file(key, file)
