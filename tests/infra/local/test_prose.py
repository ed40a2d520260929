"""The stub's prose: the same each time, long enough, and not the same twice in a report."""

import re

import pytest

from infra.local.llm.prose import shorten, write_prose

SECTIONS = ["where_you_stand_purpose", "decision", "strengths", "next_steps"]


def test_the_same_section_reads_the_same() -> None:
    """Order, product, section, input and word decide every letter."""
    first = write_prose("o", "p", "s", "", "velorina")
    assert first == write_prose("o", "p", "s", "", "velorina")
    assert first != write_prose("o2", "p", "s", "", "velorina")


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


def test_a_section_can_be_short() -> None:
    """Its subheading and a paragraph with the word in it are enough."""
    text = shorten(write_prose("o", "p", "s", "", "velorina"))
    assert text.startswith("### ")
    assert "*velorina*" in text
    assert len(text.split()) < 100


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


def test_the_customer_is_addressed_by_the_first_name() -> None:
    """The name is read from the customer's answers, where it is one; markup is no name."""
    assert "\n\nZoë, " in write_prose("o", "p", "s", "<name>Zoë Müller</name>", "velorina")
    assert "bold" not in write_prose("o", "p", "s", "<name>**bold** [x](y)</name>", "velorina")
