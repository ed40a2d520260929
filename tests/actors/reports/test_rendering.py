"""Chapters that are set and bound, with a typesetter in the test's hands and a real store beneath."""

import asyncio
import contextlib
import os
import tempfile
import threading
import time
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from actors.deps.process import Deps
from actors.deps.recent import RecentChunks
from actors.deps.worker import WorkDeps
from actors.reports.assemble_report import assemble_report, workroom
from actors.reports.claim import Claim, StepGoesBack
from actors.reports.perform_step import perform
from actors.reports.render_chunk import render_chunk
from storage.objects import ObjectStore, StoreIsDown
from storage.records.work import Step, StepResult
from tests.actors.builders import result_of, state, steps, with_chapters
from tests.actors.vendors import Press

pytestmark = pytest.mark.anyio


async def rendered(worker: WorkDeps, order: str, chapters: list[Step]) -> Step:
    """Set the chapters of an order. Returns the step that binds them."""
    for chapter in chapters:
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    (assembly,) = await steps(worker, order, "assemble")
    return assembly


async def test_a_chunk_that_is_stored_is_not_set_again(deps: Deps) -> None:
    """Whoever takes over from a worker that ended after storing a chunk finds it, with its number of pages."""
    press = Press()
    worker, order, chapters = await with_chapters(deps, press)

    async def store_and_end(claim: Claim) -> StepResult:
        await render_chunk(worker, claim)
        raise StepGoesBack

    await perform(worker, order, chapters[0]["_id"], store_and_end)
    await perform(worker, order, chapters[0]["_id"], partial(render_chunk, worker))
    assert (await state(deps, chapters[0]))["state"] == "done"
    assert (await result_of(deps, chapters[0]))["pages"] == 2
    assert press.set == [chapters[0]["key"]]


async def test_a_chunk_that_was_never_stored_is_set(deps: Deps) -> None:
    """A second claim sets what the first one did not come to."""
    press = Press()
    worker, order, chapters = await with_chapters(deps, press)

    async def end(_claim: Claim) -> StepResult:
        raise StepGoesBack

    await perform(worker, order, chapters[0]["_id"], end)
    await perform(worker, order, chapters[0]["_id"], partial(render_chunk, worker))
    assert press.set == [chapters[0]["key"]]


async def test_chunks_are_bound_in_the_order_of_the_plan(deps: Deps) -> None:
    """However they arrive from the store; the result says what was stored."""
    press = Press()
    worker, order, chapters = await with_chapters(deps, press)
    for chapter in (*reversed(chapters), *chapters):  # as they are queued, the later ones first
        await perform(worker, order, chapter["_id"], partial(render_chunk, worker))
    (assembly,) = await steps(deps, order, "assemble")
    await perform(worker, order, assembly["_id"], partial(assemble_report, worker))
    assert press.bound.decode().split() == [chapter["key"] for chapter in chapters]
    result = await result_of(deps, assembly)
    assert (result["sha256"], result["pages"], result["bytes"]) == ("5ha", 2 * len(chapters), len(press.bound))
    assert await deps.objects.facts(result["object"]) == {}


class Counting(ObjectStore):
    """Store that counts the files it fetches."""

    asked = 0

    async def fetch_file(self, key: str, path: Path) -> None:
        """Fetch, and count."""
        self.asked += 1
        await super().fetch_file(key, path)


@pytest.mark.parametrize(("room", "fetched"), [(1 << 20, 0), (1, 4)], ids=["at hand", "without room"])
async def test_chunks_at_hand_are_not_fetched(deps: Deps, room: int, fetched: int) -> None:
    """Whoever set the chapters binds them without asking the store, as far as they fit into its memory."""
    press = Press()
    worker, order, chapters = await with_chapters(deps, press)
    store = Counting(deps.settings.s3_bucket, deps.settings.aws_endpoint_url_s3)
    counting = replace(worker, objects=store, recent_chunks=RecentChunks(most_bytes=room))
    assembly = await rendered(counting, order, chapters)
    await perform(counting, order, assembly["_id"], partial(assemble_report, counting))
    assert press.bound.decode().split() == [chapter["key"] for chapter in chapters]
    assert store.asked == fetched


class Stumbling(ObjectStore):
    """Store of which one fetch fails while another still writes its file, and goes on doing so."""

    writing: threading.Thread | None = None

    async def fetch_file(self, key: str, path: Path) -> None:
        """Write for a while for the first caller, and fail for the next."""
        if self.writing is not None:
            raise StoreIsDown("S3 was not reached.", retry_after=60.0)
        begun = threading.Event()
        self.writing = threading.Thread(target=self._write, args=(path.parent, begun))
        self.writing.start()
        await asyncio.to_thread(begun.wait)
        await asyncio.sleep(60)

    def _write(self, folder: Path, begun: threading.Event) -> None:
        until = time.monotonic() + 0.3
        while time.monotonic() < until and folder.exists():
            with contextlib.suppress(OSError):
                (folder / uuid.uuid4().hex).touch()
            begun.set()


async def test_a_fetch_that_fails_while_others_write_is_tried_again(deps: Deps) -> None:
    """Files that appear while the rest is cleaned away are nobody's failure: the step waits for the store."""
    worker, order, chapters = await with_chapters(deps, Press())
    assembly = await rendered(worker, order, chapters)
    store = Stumbling(deps.settings.s3_bucket, deps.settings.aws_endpoint_url_s3)
    stumbling = replace(worker, objects=store, recent_chunks=RecentChunks())
    await perform(stumbling, order, assembly["_id"], partial(assemble_report, stumbling))
    assert store.writing is not None
    await asyncio.to_thread(store.writing.join)
    assert ((await state(deps, assembly))["state"], (await state(deps, assembly))["fails"]) == ("ready", 1)


class Flickering(ObjectStore):
    """Store of which every other fetch fails."""

    asked = 0

    async def fetch_file(self, key: str, path: Path) -> None:
        """Fetch at every second try."""
        self.asked += 1
        if self.asked % 2:
            raise StoreIsDown("S3 was not reached.")
        await super().fetch_file(key, path)


async def test_chunks_that_were_fetched_are_not_fetched_again(deps: Deps) -> None:
    """A store that fails now and then costs a try for each failure, not the whole book's chunks."""
    worker, order, chapters = await with_chapters(deps, Press())
    assembly = await rendered(worker, order, chapters)
    store = Flickering(deps.settings.s3_bucket, deps.settings.aws_endpoint_url_s3)
    flickering = replace(worker, objects=store, recent_chunks=RecentChunks())
    await perform(flickering, order, assembly["_id"], partial(assemble_report, flickering))
    assert ((await state(deps, assembly))["state"], store.asked) == ("done", 2 * len(chapters))


async def test_what_killed_workers_left_is_cleared_away() -> None:
    """A folder that nobody has touched for two hours is a dead worker's; one that is in use stays."""
    left, used = (Path(tempfile.mkdtemp(prefix="pressroom-work-")) for _ in range(2))
    os.utime(left, (time.time() - 7201,) * 2)
    async with workroom() as folder:
        there = [await asyncio.to_thread(one.exists) for one in (left, used, folder)]
    used.rmdir()
    assert (there, await asyncio.to_thread(folder.exists)) == ([False, True, True], False)


async def test_chapters_that_the_store_lost_are_set_again(deps: Deps) -> None:
    """Those alone, and the book is bound after them: nobody has to be called."""
    press = Press()
    worker, order, chapters = await with_chapters(deps, press)
    assembly = await rendered(worker, order, chapters)
    lost = chapters[1:]
    await deps.objects.delete([str((await result_of(deps, chapter))["object"]) for chapter in lost])
    worker = replace(worker, recent_chunks=RecentChunks())
    await perform(worker, order, assembly["_id"], partial(assemble_report, worker))
    assert [(await state(deps, chapter))["state"] for chapter in chapters] == ["done", *["queued"] * len(lost)]
    assembly = await rendered(worker, order, lost)
    await perform(worker, order, assembly["_id"], partial(assemble_report, worker))
    assert (await state(deps, assembly))["state"] == "done"
    assert sorted(press.set) == sorted(chapter["key"] for chapter in [*chapters, *lost])


async def test_a_store_that_keeps_nothing_is_a_persons(deps: Deps) -> None:
    """Chapters that are lost again and again are not set for ever."""
    worker, order, chapters = await with_chapters(deps, Press())
    for _ in range(5):
        assembly = await rendered(worker, order, chapters)
        await deps.objects.delete([str((await result_of(deps, chapter))["object"]) for chapter in chapters])
        worker = replace(worker, recent_chunks=RecentChunks())
        await perform(worker, order, assembly["_id"], partial(assemble_report, worker))
    dead = await state(deps, assembly)
    assert (dead["state"], dead["error"]) == ("dead", "S3 has no object under that key.")
