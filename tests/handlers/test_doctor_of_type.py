"""`pressroom doctor` on a machine that lacks libraries or fonts: what is to be installed."""

from pathlib import Path

import pytest

from tests.handlers.doctor import examine, examine_cold
from tests.pressroom import Pressroom

FONTS = Path(__file__).parent.parent.parent / "infra" / "pdf" / "fonts"
#: The settings of a machine that has only the fonts of a folder.
CONFIG = '<?xml version="1.0"?><fontconfig>{}</fontconfig>'
#: In the place of WeasyPrint's own module about libraries, which prints a page where one is missing.
NO_PANGO = "print('-----\\nWeasyPrint could not import')\nraise OSError('cannot load libpango-1.0-0')\n"
OLD_PANGO = """from types import SimpleNamespace
harfbuzz_subset = object()
pango = SimpleNamespace(pango_version=lambda: 14613)
"""


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (NO_PANGO, "cannot load libpango-1.0-0"),
        (OLD_PANGO, "Pango 1.46 is too old: 1.50 or later"),
    ],
    ids=["none", "old"],
)
def test_a_library_that_is_missing_or_old_is_told(
    front_door: Pressroom, tmp_path: Path, module: str, words: str
) -> None:
    """The line names it, and the packages of Debian and of macOS."""
    folder = tmp_path / "weasyprint" / "text"
    folder.mkdir(parents=True)
    for package in (folder, folder.parent):
        (package / "__init__.py").touch()
    (folder / "ffi.py").write_text(module)
    told = examine_cold(front_door, PYTHONPATH=str(tmp_path)).trouble("typesetter")
    assert words in told
    assert "Install libpango-1.0-0" in told
    assert "pango (Homebrew)" in told


def test_scripts_without_a_font_are_told(front_door: Pressroom, tmp_path: Path) -> None:
    """Latin, Greek and Cyrillic are in the package, all else is the system's."""
    config = tmp_path / "fonts.conf"
    config.write_text(CONFIG.format(f"<dir>{FONTS}</dir>"))
    told = examine(front_door, "typesetter", FONTCONFIG_FILE=str(config)).trouble("fonts")
    missing = told.partition(", which")[0].removeprefix("no font has the letters of ").split(", ")
    assert {"ar", "hi", "ja", "zh-Hans", "emoji"} <= {*missing}
    assert not {"en", "de", "el", "ru", "vi"} & {*missing}
    assert "fonts-noto-cjk" in told


def test_a_machine_without_any_font_is_told(front_door: Pressroom, tmp_path: Path) -> None:
    """Type cannot be set at all."""
    config = tmp_path / "fonts.conf"
    config.write_text(CONFIG.format(""))
    told = examine(front_door, "typesetter", FONTCONFIG_FILE=str(config)).trouble("typesetter")
    assert told.startswith("No font is installed. Install fonts-noto-core")
