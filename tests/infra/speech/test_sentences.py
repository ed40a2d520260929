"""Every sentence that customers read is there in every language, and says the same."""

import ast
import calendar
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from jinja2 import Environment

from infra.speech.say import ENGLISH, LANGUAGES, nearest, say, sentences
from infra.speech.templates import teach

PAGES, LETTERS = Path("handlers/web/pages"), Path("actors/mail/templates")
CODE = ("handlers", "actors", "infra")
OTHERS = [language for language in LANGUAGES if language != ENGLISH]


def said_in_templates() -> Iterator[str]:
    """The sentences of all templates for customers, those for one and for many apart."""
    templates = teach(Environment(autoescape=True))
    for file in chain(PAGES.glob("*.html"), LETTERS.rglob("*.*")):
        for _, _, said in templates.extract_translations(file.read_text("utf-8")):  # type: ignore[attr-defined]
            yield from filter(None, said if isinstance(said, tuple) else (said,))


def said_in_code() -> Iterator[str]:
    """The sentences of all calls of `say`, either of which may be chosen by a condition; and days and months."""
    for file in chain.from_iterable(Path(folder).rglob("*.py") for folder in CODE):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                sentence = node.args[1]
                parts = [sentence.body, sentence.orelse] if isinstance(sentence, ast.IfExp) else [sentence]
                yield from (str(ast.literal_eval(part)) for part in parts if not isinstance(part, ast.JoinedStr))
    yield from (*calendar.day_name, *calendar.month_name[1:])


def values_of(sentence: str) -> set[str]:
    """The names of the values that stand in a sentence."""
    return set(re.findall(r"%\((\w+)\)s", sentence))


def marks_of(sentence: str) -> list[str]:
    """The HTML in a sentence, in order, without what stands in a value's place."""
    return sorted(re.findall(r"</?\w+[^>]*>", sentence))


@pytest.mark.parametrize("language", OTHERS)
def test_every_language_has_every_sentence_and_no_other(language: str) -> None:
    """What is said nowhere any more is not kept."""
    said = {*said_in_templates(), *said_in_code()}
    assert len(said) > 150
    assert said - sentences(language).keys() == set()
    assert sentences(language).keys() - said == set()


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_has_the_same_values_and_marks_in_every_language(language: str) -> None:
    """No value is lost or unknown, no link or mark of HTML left out or broken, and each can be said."""
    for english, other in sentences(language).items():
        assert other.strip(), english
        assert values_of(english) == values_of(other), english
        assert marks_of(english) == marks_of(other), english
        assert say(language, english, **dict.fromkeys(values_of(english), "x")).count("%") == 0


def test_the_nearest_language_is_found() -> None:
    """By the first tag of which the language is spoken; no other makes one up."""
    assert nearest("fr-CH", None, "de-AT", "en") == "de"
    assert nearest("DE_de", "en") == "de"
    assert nearest("auto", "", "x" * 500) is None
    assert say("tlh", "Please fill this in.") == "Please fill this in."
