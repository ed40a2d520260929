"""Emphasis as writers mean it, in scripts without spaces as well: no asterisk is left on a page."""

import re

import pytest

from infra.book.prose import prose_html
from infra.local.pdf_text import page_texts
from tests.infra.pdf.press import Press, text_chapter

JAPANESE = """これは**「重要なこと」**です。

- **仕事：**ゆっくり。
- **愛。**静かに。

> **試してみて。**今日は早く寝る。
"""


def html(text: str, language: str = "zh") -> str:
    """Return the only paragraph of a text as HTML."""
    return re.sub(r"</?p[^>]*>|\n", "", prose_html(text, "A title", language))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这是**我想做的事。**所以继续。", "这是<strong>我想做的事。</strong>所以继续。"),
        ("これは**「重要なこと」**です。", "これは<strong>「重要なこと」</strong>です。"),
        ("他说**“你好”**吧。", "他说<strong>“你好”</strong>吧。"),
        ("이것은**(중요한 것)**입니다.", "이것은<strong>(중요한 것)</strong>입니다."),
        ("これは*「静かに」*です。", "これは<em>「静かに」</em>です。"),
        ("**星座：**双子座。**元素：**风。", "<strong>星座：</strong>双子座。<strong>元素：</strong>风。"),
        ("読点、**強調**、終わり。", "読点、<strong>強調</strong>、終わり。"),
        ("これは~~「古い」~~です。", "これは<s>「古い」</s>です。"),
        ("这是***很重要的事。***继续。", "这是<em><strong>很重要的事。</strong></em>继续。"),
    ],
)
def test_east_asian_emphasis_needs_no_spaces(text: str, expected: str) -> None:
    """Signs beside full stops, brackets and quotation marks open and close as they stand."""
    assert html(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Note:**look twice.", "<strong>Note:</strong>look twice."),
        ("Say **“yes”**now.", "Say <strong>“yes”</strong>now."),
        ("A **bold** word, an *italic* one.", "A <strong>bold</strong> word, an <em>italic</em> one."),
        (
            "**A**, (**B**) and **C**—**D**.",
            "<strong>A</strong>, (<strong>B</strong>) and <strong>C</strong>—<strong>D</strong>.",
        ),
        ("5 * 3 and 2 ** 4, 5*(3+2)*4", "5 * 3 and 2 ** 4, 5*(3+2)*4"),
        ("snake_case_name and _one_ word", "snake_case_name and <em>one</em> word"),
        ("**never closed", "**never closed"),
    ],
)
def test_emphasis_elsewhere_is_as_it_was_or_as_it_was_meant(text: str, expected: str) -> None:
    """Calculations and names keep their signs. Bold type with a forgotten space is bold."""
    assert html(text, "en") == expected


@pytest.mark.parametrize("text", ["> **試してみて。**今日は早く寝る。", "> **试试看：**今天早点睡。"])
def test_a_quote_that_begins_in_bold_is_a_box(text: str) -> None:
    """It is one to act on, in these scripts, too."""
    assert '<blockquote class="box">' in prose_html(text, "A title", "ja")


def test_no_asterisk_is_left_on_a_page(press: Press) -> None:
    """Paragraphs, lists and boxes of a Japanese section are set without the signs that marked them."""
    words = "".join(page_texts(press.set(text_chapter(JAPANESE)).pdf))
    assert "*" not in words
    assert "重要なこと" in words
