"""The stub's prose: the same each time, long enough, and not the same twice in a report."""

import re

import pytest

from infra.local.llm.prose import find_name, load_themes, write_prose

SECTIONS = ["where_you_stand_purpose", "decision", "strengths", "next_steps"]


def test_the_same_section_reads_the_same() -> None:
    """Order, product, section, input and word decide every letter."""
    first = write_prose("o", "p", "s", "Name: Anna", "velorina")
    assert first == write_prose("o", "p", "s", "Name: Anna", "velorina")
    assert first != write_prose("o2", "p", "s", "Name: Anna", "velorina")


def test_a_section_has_the_length_and_the_parts_of_a_section() -> None:
    """350 to 500 words, a subheading, a pull quote, the word in it, and a list or a table."""
    for number in range(200):
        text = write_prose("o", "p", f"s{number}", "", "velorina")
        assert 350 <= len(text.split()) <= 500
        assert text.startswith("### ")
        assert "\n> " in text
        assert "*velorina*" in text
        assert "\n- " in text or "\n| --- | --- |" in text
        assert "{" not in text


@pytest.mark.parametrize("order", [f"order-{number}" for number in range(20)])
def test_four_sections_of_a_report_share_no_sentence(order: str) -> None:
    """With themes of their own, sections of one order repeat nothing but the line around the word."""
    seen: set[str] = set()
    for section in SECTIONS:
        text = write_prose(order, "life_clarity", section, "", "WORD")
        sentences = {
            line for line in re.split(r"(?<=[.?!]) |\n+", text) if re.search("[a-z]", line) and "WORD" not in line
        }
        assert not sentences & seen
        seen |= sentences


def test_the_title_chooses_the_theme_where_the_section_says_nothing() -> None:
    """A section without a telling name is written about what its title names."""
    themes = {heading for theme in load_themes() if "money" in theme.keywords for heading in theme.headings}
    text = write_prose("o", "p", "s17", "Title: Money and you\n\nBe kind.", "velorina")
    assert text.splitlines()[0].removeprefix("### ") in themes


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("<name>Anna Schmidt</name>", "Anna"),
        ('{"name": "Zoë Müller", "question": "?"}', "Zoë"),
        ("- **Name:** O'Neill", "O"),
        ("Customer name: Jean-Luc Picard", "Jean-Luc"),
        ("Surname: Schmidt", ""),
        ("<name>**bold** [x](y)</name>", ""),
        ("Nothing here", ""),
    ],
)
def test_the_name_is_found_and_is_only_a_name(text: str, name: str) -> None:
    """The first name is read from the usual forms of an input; markup is no name."""
    assert find_name(text) == name
