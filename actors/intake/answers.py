"""Answers: what customers wrote, in whatever script and by whatever keyboard, as it can be used."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from actors.products.questions import ANSWERS
from infra.languages import read_language

#: The number of characters of one answer that are used. The raw event keeps the rest.
_MAX_ANSWER = 2000
#: The number of characters that are looked at, of which some may show nothing.
_MAX_READ = 4 * _MAX_ANSWER
#: The number of characters that an operator is shown.
_MAX_SHOWN = 200
#: No living person was born before. An earlier year is a slip of the hand.
FIRST_BIRTH = date(1900, 1, 1)
#: The first clocks on Earth are so far ahead of UTC (Kiritimati).
_FIRST_CLOCK = timedelta(hours=14)
_LINE_END = re.compile("\r\n?|[\n\v\f\x85\u2028\u2029]")
#: Signs without a width that words need: the space between words of Khmer, the joiners of Persian, Hindi and
#: emoji, and the marks of direction. Others (overrides, tags) change what stands beside them, or hide.
_JOINERS = "\u200b\u200c\u200d\u200e\u200f\u061c"
#: Letters that show nothing: fillers of Hangul, and a pattern of Braille without dots.
_BLANKS = "\u115f\u1160\u3164\uffa0\u2800"
#: Controls, signs without a width, halves of characters, letters of one maker's own.
_HIDDEN = {"Cc", "Cf", "Cs", "Co"}


def plain_answers(given: Mapping[str, str | None], now: datetime) -> dict[str, str]:
    """Return the known answers that can be used: printable, capped, without blanks around them.

    A language is a BCP 47 tag, and a date of birth is in ISO 8601. A text that is neither counts as not given.
    """
    answers = {name: plain_text(given.get(name) or "") for name in ANSWERS}
    answers["language"] = read_language(answers["language"]) or ""
    answers["birth_date"] = _birth_date(answers["birth_date"], now)
    return {name: value for name, value in answers.items() if value}


def unread_answers(given: Mapping[str, str | None], answers: Mapping[str, str]) -> dict[str, str]:
    """Return what was written and not understood, for an operator to read: a language, or a date of birth."""
    written = {name: plain_text(given.get(name) or "")[:_MAX_SHOWN] for name in ("language", "birth_date")}
    return {name: text for name, text in written.items() if text and name not in answers}


def plain_text(written: str) -> str:
    """Return a text with plain spaces and line feeds for those of any script, and with nothing hidden in it.

    Spaces become plain ones, since most faces lack the others and since names are compared. The text is empty if
    it shows nothing.
    """
    lines = _LINE_END.sub("\n", written[:_MAX_READ])
    kept = "".join(_kept(letter) for letter in lines)[:_MAX_ANSWER].strip()
    return kept if any(_shows(letter) for letter in kept) else ""


def last_day(now: datetime) -> date:
    """Return the latest day that it is anywhere on Earth: a child born today may be born there."""
    return (now + _FIRST_CLOCK).date()


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


def _birth_date(text: str, now: datetime) -> str:
    digits = "".join(letter for letter in unicodedata.normalize("NFKC", text) if letter not in _JOINERS)
    try:
        born = date.fromisoformat(digits)
    except ValueError:
        return ""
    return born.isoformat() if FIRST_BIRTH <= born <= last_day(now) else ""
