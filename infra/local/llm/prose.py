"""Deterministic prose for a section: a theme that suits its title, in another order and wording each time."""

import hashlib
import random
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_THEMES = Path(__file__).parent / "prose"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"""(?im)^[\W_]*(?:customer(?:'s)?[ _]+)?name["'*]*\s*[:=—–-]\s*["'*]*([^\n,;"'*<>{}\[\]]+)""")
_NAME_IN_TAGS = re.compile(r"<name>([^<]{1,80})</name>")
_NAME_IN_JSON = re.compile(r'"name"\s*:\s*"([^"\\]{1,80})"')
_TITLE = re.compile(r"(?im)^\W*title\W*[:=]\s*(.+)$")

# So many of a theme's lines are lent to sections of other themes, and kept out of its own.
_LENT = 5


@dataclass(frozen=True)
class Theme:
    """What there is to say about one matter. `{a|b}` in a line stands for either; no line needs another."""

    keywords: list[str]
    headings: list[str]
    openings: list[str]
    body: list[str]
    points: list[str]
    quotes: list[str]
    table: list[str]
    closings: list[str]
    words: list[str]


def write_prose(order: str, product: str, section: str, text: str, word: str) -> str:
    """350 to 500 words of markdown: the same for the same order, product, section, input and word.

    Sections of one order whose themes differ have no sentence in common but the one that holds the word.
    """
    themes = load_themes()
    mine = random.Random(_seed(order, product, section))
    main = _suited(section, text)
    at = mine.randrange(len(themes)) if main is None else main
    # One step for the whole order, so that two sections with different themes borrow from different ones.
    step = random.Random(_seed(order, product)).randrange(1, len(themes))
    own = _cut(order, product, themes[at])[_LENT:]
    borrowed = _cut(order, product, themes[(at + step) % len(themes)])[:_LENT]
    return _Page(mine, find_name(text)).write(themes[at], own, borrowed, word)


def _cut(order: str, product: str, theme: Theme) -> list[str]:
    """A theme's lines as this order sees them: those that are lent to other sections first."""
    return random.Random(_seed(order, product, *theme.headings)).sample(theme.body, len(theme.body))


def find_name(text: str) -> str:
    """The customer's first name, if the input says it; empty otherwise."""
    found = _NAME_IN_TAGS.search(text) or _NAME_IN_JSON.search(text) or _NAME.search(text)
    first = found.group(1).split()[:1] if found else []
    name = first[0] if first else ""
    return name if re.fullmatch(r"[^\W\d_][\w'’.-]{0,39}", name) else ""


def _seed(*of: str) -> bytes:
    return hashlib.sha256("\n".join(of).encode()).digest()


class _Page:
    """One section while it is being written."""

    def __init__(self, draw: random.Random, name: str) -> None:
        self._draw = draw
        self._name = name

    def write(self, main: Theme, own: list[str], borrowed: list[str], word: str) -> str:
        """The section, its theme's own lines first, the borrowed ones after the quotation."""
        body = self._some(own, len(own))
        blocks = [
            f"### {self._one(main.headings)}",
            self._address(" ".join(self._some(main.openings, 2))),
            " ".join(body[:5]),
            self._illustrate(main),
            " ".join(body[5:]),
            f"> {self._one(main.quotes)}",
            " ".join(map(self._say, borrowed)),
            " ".join(self._some(main.closings, 2)) + " " + self._one(main.words).replace("WORD", f"*{word}*"),
        ]
        return "\n\n".join(blocks) + "\n"

    def _illustrate(self, theme: Theme) -> str:
        """A list more often than a table, so that neither becomes a habit."""
        if self._draw.random() < 0.65:
            return "\n".join(f"- {point}" for point in self._some(theme.points, 5))
        head, *rows = [" | ".join(self._say(cell) for cell in row.split(" || ")) for row in theme.table]
        return "\n".join([f"| {head} |", "| --- | --- |", *(f"| {row} |" for row in rows)])

    def _address(self, sentence: str) -> str:
        if not self._name:
            return sentence
        return f"{self._name}, {sentence[0].lower()}{sentence[1:]}"

    def _one(self, lines: list[str]) -> str:
        return self._say(self._draw.choice(lines))

    def _some(self, lines: list[str], count: int) -> list[str]:
        return [self._say(line) for line in self._draw.sample(lines, count)]

    def _say(self, line: str) -> str:
        return _CHOICE.sub(lambda found: self._draw.choice(found.group(1).split("|")), line)


def _suited(section: str, text: str) -> int | None:
    """The theme whose keyword stands last in the section's name, or else in its title."""
    title = _TITLE.search(text)
    for words in (section, title.group(1) if title else ""):
        ends = {
            words.lower().rfind(keyword): number
            for number, theme in enumerate(load_themes())
            for keyword in theme.keywords
        }
        if (last := max(ends)) >= 0:
            return ends[last]
    return None


@cache
def load_themes() -> list[Theme]:
    """Every theme, read from the markdown files beside this module."""
    general = _read(_THEMES / "general.md")
    files = sorted(file for file in _THEMES.glob("*.md") if file.name != "general.md")
    return [Theme(**_read(file), **general) for file in files]


def _read(file: Path) -> dict[str, list[str]]:
    """The lines of each list, by the heading above it."""
    lists: dict[str, list[str]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            lists[line.removeprefix("## ")] = current = []
        elif line.startswith("- "):
            current.append(line.removeprefix("- "))
    return lists
