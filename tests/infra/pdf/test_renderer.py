"""The renderer's children: bounded, replaceable, and never left behind."""

import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra.children import WorkTookTooLong, WorkTookTooMuchMemory
from infra.errors import TransientError
from infra.pdf import BookCannotBeBound
from tests.infra.pdf.press import BOOK, STYLE, Press, endless_chapter, new_press, text_chapter

ROOT = Path(__file__).parents[3]


def kill_children() -> None:
    """Kill -9 every child of this process that renders."""
    for child in multiprocessing.active_children():
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)


async def kill_while_rendering(press: Press) -> None:
    """Begin a long rendering, and kill the children in its middle."""
    work = asyncio.create_task(press.renderer.render_chapter(endless_chapter(), STYLE))
    await asyncio.sleep(0.5)
    kill_children()
    await work


def test_a_killed_child_is_a_transient_error_and_the_next_chapter_is_set() -> None:
    """Losing a child loses the chapter that it was setting, and nothing else."""
    with new_press() as press:
        press.run(press.renderer.warm_up())
        with pytest.raises(TransientError):
            press.run(kill_while_rendering(press))
        assert press.set(text_chapter("Text.")).pages == 1


def test_children_killed_while_idle_are_replaced() -> None:
    """Killing all idle children goes unnoticed by the next chapter."""
    with new_press() as press:
        press.run(press.renderer.warm_up())
        kill_children()
        assert press.set(text_chapter("Text.")).pages == 1


def test_work_past_its_limit_is_killed() -> None:
    """A chapter that takes too long is a permanent error, and its child is free for the next."""
    with new_press(processes=1, chapter_limit_s=1) as press:
        press.run(press.renderer.warm_up())
        with pytest.raises(WorkTookTooLong, match="1 s"):
            press.set(endless_chapter())
        assert press.set(text_chapter("Text.")).pages == 1


def test_work_that_waits_for_a_processor_is_not_killed() -> None:
    """A limit counts what a child has of a processor: a busy machine is not the chapter's doing."""
    with new_press(processes=1) as press:
        press.run(press.renderer.pool.run(0.2, time.sleep, 1.0))


def test_work_that_hangs_is_killed() -> None:
    """A child that uses no processor is killed in the end, at ten times its limit."""
    with new_press(processes=1) as press:
        press.run(press.renderer.warm_up())
        with pytest.raises(WorkTookTooLong, match="hung for 2 s"):
            press.run(press.renderer.pool.run(0.2, time.sleep, 600.0))
        assert press.set(text_chapter("Text.")).pages == 1


@pytest.mark.long
def test_work_past_its_memory_is_given_up() -> None:
    """A chapter that needs too much memory is a permanent error, and its child does not set the next."""
    with new_press(processes=1, memory=640 << 20, chapter_limit_s=300) as press:
        with pytest.raises(WorkTookTooMuchMemory, match="640 MB"):
            press.set(endless_chapter())
        assert press.set(text_chapter("Text.")).pages == 1


def test_a_child_without_room_does_not_hang() -> None:
    """A bound below what a child begins with is a failure at once."""
    with new_press(processes=1, memory=64 << 20) as press, pytest.raises((TransientError, WorkTookTooMuchMemory)):
        press.set(text_chapter("Text."))


def test_cancelled_work_leaves_the_children_free() -> None:
    """Whoever stops waiting for chapters stops their rendering too."""

    async def cancel_some(press: Press) -> None:
        for pause in (0.0, 0.02, 0.3):
            works = [
                asyncio.create_task(press.renderer.render_chapter(endless_chapter(), STYLE)) for _ in range(3)
            ]
            await asyncio.sleep(pause)
            for work in works:
                work.cancel()
            outcomes = await asyncio.gather(*works, return_exceptions=True)
            assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)

    with new_press() as press:
        press.run(press.renderer.warm_up())
        press.run(cancel_some(press))
        assert press.set(text_chapter("Text.")).pages == 1


def test_the_event_loop_turns_while_chapters_are_set(press: Press) -> None:
    """Rendering never holds up the loop that waits for it."""

    async def count_turns() -> int:
        work = asyncio.create_task(press.renderer.render_chapter(text_chapter("Text. " * 5_000), STYLE))
        turns = 0
        while not work.done():
            await asyncio.sleep(0)
            turns += 1
        await work
        return turns

    assert press.run(count_turns()) > 100


def test_closing_ends_work_in_progress_and_refuses_more() -> None:
    """Who waits for a renderer that closes, or asks it afterwards, gets a transient error."""

    async def close_while_rendering(press: Press) -> None:
        work = asyncio.create_task(press.renderer.render_chapter(endless_chapter(), STYLE))
        await asyncio.sleep(0.3)
        await press.renderer.close()
        await work

    with new_press() as press:
        press.run(press.renderer.warm_up())
        with pytest.raises(TransientError, match="closed"):
            press.run(close_while_rendering(press))
        with pytest.raises(TransientError, match="closed"):
            press.set(text_chapter("Text."))


def test_a_book_of_broken_chunks_is_a_permanent_error(press: Press, tmp_path: Path) -> None:
    """A chunk that is missing or no PDF of ours is named as the cause."""
    stray = tmp_path / "stray.pdf"
    stray.write_bytes(b"no PDF")
    for chunk in (stray, tmp_path / "missing.pdf"):
        with pytest.raises(BookCannotBeBound, match=chunk.name):
            press.run(press.renderer.assemble(BOOK, [chunk], tmp_path / "book.pdf"))


def test_children_die_with_their_owner(tmp_path: Path) -> None:
    """After a kill -9 of the owner, in the middle of a chapter, nothing that it started remains."""
    owner = subprocess.Popen(
        [sys.executable, "-m", "tests.infra.pdf.owner"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    with owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"rendering\n"
        owner.kill()
        # The pipe ends when the last process that inherited it has: the owner, its server, its children.
        rest, _ = owner.communicate(timeout=10)
        assert rest == b""
    assert not list(tmp_path.glob("*fonts*"))


def test_dead_children_leave_no_fonts_behind(tmp_path: Path) -> None:
    """However many children come and go, only the living keep a copy of the fonts."""
    code = (
        "import pathlib, sys; from tests.infra.pdf.press import new_press, text_chapter\n"
        "with new_press(processes=1, tasks_per_child=1) as press:\n"
        "    for _ in range(5): press.set(text_chapter('Text.'))\n"
        "    print(len(list(pathlib.Path(sys.argv[1]).glob('pressroom-fonts-*/*/weasyprint-*'))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) <= 2
    assert list(tmp_path.iterdir()) == []


def test_the_owner_loads_no_typesetting_library() -> None:
    """Importing the renderer, its types and the chunk's key is cheap: the heavy libraries stay unloaded."""
    code = (
        "import sys, infra.book, infra.pdf;"
        "source = infra.book.ChapterSource('a', 1, 'b', (), 'c');"
        "infra.pdf.chunk_key(source, infra.book.Style('#000000', '#ffffff'));"
        "print([n for n in ('weasyprint', 'pikepdf', 'jinja2', 'nh3', 'markdown_it', 'cffi') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_children_yield_to_everything_else() -> None:
    """Children are nice, and so is the session of their own that they run in, where sessions are scheduled."""
    group = Path("/proc/self/autogroup")
    with new_press() as press:
        session = press.run(press.renderer.pool.run(10, os.getsid, 0))
        niceness = press.run(press.renderer.pool.run(10, os.getpriority, os.PRIO_PROCESS, 0))
        shown = press.run(press.renderer.pool.run(10, group.read_text)) if group.exists() else "nice 1"
    assert session != os.getsid(0)
    assert niceness == os.getpriority(os.PRIO_PROCESS, 0) + 1
    assert shown.split()[-2:] == ["nice", "1"]


def test_a_machine_that_cannot_set_type_is_an_error_at_once(tmp_path: Path) -> None:
    """Where there is no font at all, which would end the server of the children, it is said and nobody waits."""
    (tmp_path / "fonts.conf").write_text('<?xml version="1.0"?><fontconfig></fontconfig>')
    code = (
        "from infra.errors import PressroomError; from tests.infra.pdf.press import new_press\n"
        "with new_press() as press:\n"
        "    try: press.run(press.renderer.warm_up())\n"
        "    except PressroomError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"No font is installed." in done.stdout
