"""`pressroom preview`: a product's book for whoever develops it, without a server or a setting."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from actors.products.catalogue import PRODUCTS
from infra.local.environment import outer_environment
from infra.local.pdf_text import text_of
from tests.commands import run
from tests.pressroom import PRESSROOM

#: The `pressroom` command after a developer has changed one chapter's title.
_CHANGED = """
from dataclasses import replace
from actors.products.catalogue import PRODUCTS, sell
from handlers.cli.main import main

product = PRODUCTS["life_clarity"]
first, *others = product.chapters
sell(replace(product, chapters=(replace(first, title="Another Title"), *others)))
main()
"""


def preview(folder: Path, *program: str) -> Any:
    """Preview life_clarity in a folder, with no setting, and return what the command says of it."""
    command = [*(program or PRESSROOM), "preview", "life_clarity", "--json"]
    done = subprocess.run(
        command, cwd=folder, env=outer_environment(), capture_output=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_a_preview_is_the_whole_book_and_sets_only_what_has_changed(tmp_path: Path) -> None:
    """Every section has sample text under its title; of a book that changed in one chapter, one is set again."""
    made = preview(tmp_path)
    assert (made["chapters_set"], made["chapters_reused"]) == (4, 0)
    text, place = text_of((tmp_path / made["file"]).read_bytes()), 0
    for section in PRODUCTS["life_clarity"].sections:
        place = text.index(section.title, place)
        place = text.index("written from prompts/", place)
    assert "Shall I take the new position" in text

    changed = preview(tmp_path, sys.executable, "-c", _CHANGED)
    assert (changed["chapters_set"], changed["chapters_reused"]) == (1, 3)
    assert "Another Title" in text_of((tmp_path / changed["file"]).read_bytes())
    assert len(list((tmp_path / ".local/preview/life_clarity/chapters").iterdir())) == 4


def test_a_product_that_does_not_exist_is_wrong_usage() -> None:
    """One line names the products that there are, exit 2."""
    code, out, err = run(outer_environment(), PRESSROOM, "preview", "unheard_of")
    assert (code, out) == (2, "")
    assert all(product in err for product in PRODUCTS)
    assert err.count("\n") == 1


def test_a_preview_that_cannot_be_kept_says_where(tmp_path: Path) -> None:
    """A place that cannot be written to is named in one line, exit 1."""
    (tmp_path / "taken").touch()
    file = str(tmp_path / "taken" / "book.pdf")
    code, out, err = run(outer_environment(), PRESSROOM, "preview", "life_clarity", "--out", file)
    assert (code, out) == (1, "")
    assert "taken" in err
    assert err.count("\n") == 1
