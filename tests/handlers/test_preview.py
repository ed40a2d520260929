"""`pressroom preview`: a product's book for whoever develops it, without a server or a setting."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actors.products.catalogue import PRODUCTS
from infra.local.environment import outer_environment
from infra.local.pdf_text import text_of
from tests.commands import run
from tests.pressroom import PRESSROOM, WITH_TEST_PRODUCTS

ROOT = Path(__file__).parent.parent.parent
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

#: The `pressroom` command of a product whose computation, or whose chart, was written wrongly.
_WRONG = """
from dataclasses import replace
from actors.products.catalogue import sell
from handlers.cli.main import main
from tests.products.field_notes.passages import cite
from tests.products.field_notes.product import PRODUCT

first, second, *others = PRODUCT.{}
sell(replace(PRODUCT, {}=({}, *others)))
main()
"""


def preview(folder: Path, *program: str, product: str = "life_clarity") -> Any:
    """Preview a product in a folder, with no setting, and return what the command says of it."""
    done = try_preview(folder, *(program or PRESSROOM), product=product)
    assert done.returncode == 0
    return json.loads(done.stdout)


def try_preview(folder: Path, *program: str, product: str) -> subprocess.CompletedProcess[str]:
    """Preview a product by such a command, which may know the test products."""
    command = [*program, "preview", product, "--json"]
    env = {**outer_environment(), "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.long
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


def test_a_preview_computes_and_draws_what_the_product_does(tmp_path: Path) -> None:
    """Computations are given the sample's answers and texts, as by a worker; a chart and a chapter show."""
    book = preview(tmp_path, *WITH_TEST_PRODUCTS, product="field_notes")
    text = " ".join(text_of((tmp_path / book["file"]).read_bytes()).split())
    met = re.findall(r"Met: (\w+)", text)
    assert met == re.findall(r"(\w+), read: ", text)
    assert len(met) == 3


@pytest.mark.parametrize(
    ("parts", "wrong", "told"),
    [
        (
            "computations",
            "replace(first, run=cite), second",
            "field_notes: the computation retrieved failed: KeyError: 'answer'",
        ),
        (
            "chapters",
            "replace(first, chart=lambda one: one.answers['shoe_size']), second",
            "field_notes: the chart of the chapter birds failed: KeyError: 'shoe_size'",
        ),
    ],
)
def test_a_part_that_fails_is_named(tmp_path: Path, parts: str, wrong: str, told: str) -> None:
    """One line says which computation or chart of which product failed, and how; exit 1."""
    program = (sys.executable, "-c", _WRONG.format(parts, parts, wrong))
    done = try_preview(tmp_path, *program, product="field_notes")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"pressroom: {told}\n")


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
