"""Deterministic prose for a section: a theme that suits its name, in another order and wording each time."""

import random
import re
from functools import cache
from pathlib import Path

# The lists of one file: keywords, headings, openings, body, points, quotes, table, closings, words. `{a|b}` in a
# line stands for either; no line needs another.
Theme = dict[str, list[str]]

_FILES = Path(__file__).parent / "prose"
_CHOICE = re.compile(r"\{([^{}]*)\}")
_FIRST_NAME = re.compile(r"<name>([^\W\d_][\w'’.-]{0,39})(?=[\s<])")


def write_prose(order: str, product: str, section: str, text: str, word: str) -> str:
    """Write 350 to 500 words of markdown: the same for the same order, product, section, input and word.

    Sections whose themes differ have no sentence in common but the one that holds the word.
    """
    draw = random.Random("\n".join((order, product, section)))

    def some(lines: list[str], count: int) -> list[str]:
        return [
            _CHOICE.sub(lambda found: draw.choice(found[1].split("|")), line) for line in draw.sample(lines, count)
        ]

    # The theme whose keyword stands last in the section's name, any if there is none.
    shuffled = draw.sample(load_themes(), len(load_themes()))
    theme = max(shuffled, key=lambda theme: max(map(section.rfind, theme["keywords"])))
    opening, body = " ".join(some(theme["openings"], 2)), some(theme["body"], len(theme["body"]))
    if name := _FIRST_NAME.search(text):
        opening = f"{name[1]}, {opening[0].lower()}{opening[1:]}"
    aside = [f"- {point}" for point in some(theme["points"], 5)]
    if draw.random() < 0.35:
        head, *rows = [f"| {row.replace(' || ', ' | ')} |" for row in theme["table"]]
        aside = [head, "| --- | --- |", *rows]
    last = some(theme["words"], 1)[0].replace("WORD", f"*{word}*")
    blocks = [
        f"### {some(theme['headings'], 1)[0]}",
        opening,
        " ".join(body[:5]),
        "\n".join(aside),
        " ".join(body[5:10]),
        f"> {some(theme['quotes'], 1)[0]}",
        " ".join(body[10:]),
        " ".join([*some(theme["closings"], 2), last]),
    ]
    return "\n\n".join(blocks) + "\n"


def shorten(text: str) -> str:
    """Return a section's heading and its last paragraph, which has the word."""
    heading, *_, last = text.split("\n\n")
    return f"{heading}\n\n{last}"


@cache
def load_themes() -> list[Theme]:
    """Read every theme from the markdown files beside this module."""
    general = _read(_FILES / "general.md")
    return [{**_read(file), **general} for file in sorted(_FILES.glob("*.md")) if file.name != "general.md"]


def _read(file: Path) -> Theme:
    """Return the lines of each list, by the heading above it."""
    _, *sections = file.read_text(encoding="utf-8").split("\n## ")
    lists = (section.splitlines() for section in sections)
    return {name: [line[2:] for line in lines if line.startswith("- ")] for name, *lines in lists}
