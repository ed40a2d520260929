"""The documents: their commands are those of the command line, and their links lead somewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import parse

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def commands(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of ours in the blocks of a page, up to a comment, a pipe or a file."""
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for found in re.findall(r"(?:^|[ /])(pressroom (?!local$)[a-z].*)$", block, re.MULTILINE):
            yield shlex.split(re.split(r" +(?:#|[&|>]|2>)", found.replace("pressroom local ", "pressroom "))[0])


def anchors(text: str) -> set[str]:
    """Return what links may name of a page: its headings, as their readers' browsers have them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_what_there_is(page: Path) -> None:
    """Each command in its blocks can be given as it stands; each link leads to a file, and to a heading of it."""
    text = page.read_text()
    for command in commands(text):
        parse(command)
    for path, anchor in re.findall(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)", text):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in anchors(target.read_text()), f"{path}#{anchor}"
