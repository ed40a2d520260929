"""Answers: what customers wrote, in whatever script and by whatever keyboard, as it can be used."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime

from actors.mail.formatting import written_number
from actors.products.answer_types import LONGEST
from actors.products.questions import Question
from infra.speech.say import ENGLISH, say

#: The number of characters that are looked at, of which some may show nothing. The raw event keeps the rest.
_MAX_READ = 4 * LONGEST
#: The number of characters that an operator is shown.
_MAX_SHOWN = 200
Questions = Mapping[str, Question]
Given = Mapping[str, str | None]

_LINE_END = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")
#: Signs without a width that words need: the space between words of Khmer, the joiners of Persian, Hindi and
#: emoji, and the marks of direction. Others (overrides, tags) change what stands beside them, or hide.
_JOINERS = "\u200b\u200c\u200d\u200e\u200f\u061c"
#: Letters that show nothing: fillers of Hangul, and a pattern of Braille without dots.
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
#: Controls, signs without a width, halves of characters, letters of one maker's own.
_HIDDEN = {"Cc", "Cf", "Cs", "Co"}


def plain_answers(questions: Questions, given: Given, now: datetime) -> dict[str, str]:
    """Return the answers to these questions that can be used: printable, capped, without blanks around them.

    Each is in the form that its type keeps. A text that is none of its type counts as not given.
    """
    written = {name: plain_text(given.get(name) or "") for name in questions}
    answers = {name: questions[name].type.read(text, now) for name, text in written.items() if text}
    return {name: value for name, value in answers.items() if value}


def unread_answers(questions: Questions, given: Given, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what was written and not understood, such as a date of birth, for an operator to read."""
    written = {name: plain_text(given.get(name) or "")[:_MAX_SHOWN] for name in questions}
    return {name: text for name, text in written.items() if text and name not in answers}


def mistakes_in(questions: Questions, given: Given, now: datetime, language: str = ENGLISH) -> dict[str, str]:
    """Return for each answer that cannot be used as it was written one sentence that says how it would be.

    Blanks are no mistake. Such a text may be too long, which is not cut where its writer can be told.
    """
    written = {name: (given.get(name) or "").strip() for name in questions}
    answers = plain_answers(questions, written, now)
    long = {
        name: _too_long(questions[name].type.longest, language)
        for name, text in written.items()
        if len(_printable(text)) > questions[name].type.longest
    }
    shows_nothing = say(language, "Write something that can be read.")
    unusable = [name for name, text in written.items() if text and name not in answers]
    return {name: questions[name].type.rule_in(language) or shows_nothing for name in unusable} | long


def _too_long(longest: int, language: str) -> str:
    return say(language, "Write at most %(most)s characters.", most=written_number(f"{longest:,}", language))


def plain_text(written: str) -> str:
    """Return a text with plain spaces and line feeds for those of any script, and with nothing hidden in it.

    Spaces become plain ones, since most faces lack the others and since names are compared. The text is empty if
    it shows nothing.
    """
    kept = _printable(written)[:LONGEST].strip()
    return kept if any(_shows(letter) for letter in kept) else ""


def _printable(written: str) -> str:
    return "".join(_kept(letter) for letter in _LINE_END.sub("\n", written[:_MAX_READ])).strip()


def _kept(letter: str) -> str:
    if letter in "\n\t" or letter in _JOINERS:
        return letter
    category = unicodedata.category(letter)
    if category == "Zs":
        return " "
    # A letter that this version of Python does not know yet is a new one, such as an emoji.
    is_none = category == "Cn" and (ord(letter) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF)
    return "" if category in _HIDDEN or is_none else letter


def _shows(letter: str) -> bool:
    return not letter.isspace() and letter not in _JOINERS + _BLANKS and unicodedata.category(letter)[0] != "M"
