"""A worker starts on a machine on which it could not set a chapter: it says so in one line, and takes no work."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stack import Stack
from tests.pressroom import ColdPressroom

#: In the place of WeasyPrint, with a library of the system missing.
LACKING = (
    "raise OSError(\"cannot load library 'libpango-1.0-0': libpango-1.0-0: cannot open shared object file\")\n"
)
#: The settings of a machine without any font.
NO_FONTS = '<?xml version="1.0"?><fontconfig></fontconfig>'


@pytest.fixture(scope="module")
def pressroom(stack: Stack) -> Iterator[ColdPressroom]:
    """No process yet."""
    with ColdPressroom(stack) as pressroom:
        yield pressroom


def check_that_no_worker_starts(pressroom: ColdPressroom, lack: str, **env: str) -> None:
    """Check that a worker ends with exit 1 and a line that names what it lacks, and was never registered."""
    worker = pressroom.start("worker", "life_clarity", wait=False, **env)
    pressroom.until("its end", lambda: worker.exit_code is not None)
    said = [line for line in worker.output().splitlines() if line.startswith("pressroom: ")]
    assert (worker.exit_code, worker.ready_line, len(said)) == (1, None, 1)
    assert lack in said[0]
    assert "Traceback" not in worker.output()
    assert pressroom.db.workers.count_documents({}) == 0


def test_a_worker_without_a_library(pressroom: ColdPressroom, tmp_path: Path) -> None:
    """A missing library is named."""
    (tmp_path / "weasyprint").mkdir()
    (tmp_path / "weasyprint" / "__init__.py").write_text(LACKING)
    check_that_no_worker_starts(pressroom, "libpango-1.0-0", PYTHONPATH=str(tmp_path))


def test_a_worker_without_a_font(pressroom: ColdPressroom, tmp_path: Path) -> None:
    """Where there is no font at all the typesetter's own processes die, and fonts are named."""
    (tmp_path / "fonts.conf").write_text(NO_FONTS)
    check_that_no_worker_starts(pressroom, "font", FONTCONFIG_FILE=str(tmp_path / "fonts.conf"))


def test_a_worker_whose_folder_for_temporary_files_has_too_long_a_path(
    pressroom: ColdPressroom, tmp_path: Path
) -> None:
    """A socket's path has about a hundred characters. TMPDIR is named."""
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    check_that_no_worker_starts(pressroom, "TMPDIR", TMPDIR=str(folder))
