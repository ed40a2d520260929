"""Types of answers: how what somebody wrote is read, kept in one form, and said again."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from infra.languages import read_language
from infra.mail_address import plain_email
from infra.places.clocks import said_place
from infra.speech.dates import said_day
from infra.speech.say import ENGLISH, say

#: A text for people: in one language, or by the tag of each that is spoken, the first of them for all others.
Words = str | Mapping[str, str]

#: The most letters of any answer.
LONGEST = 2000
#: The first clocks on Earth are so far ahead of UTC (Kiritimati), and the last so far behind (Baker Island).
_FIRST_CLOCK, _LAST_CLOCK = timedelta(hours=14), timedelta(hours=12)
#: From a 29 February, too, the same day of the next year is within it.
_YEAR = timedelta(days=366)
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.]\d{2})?([+-](?:0\d|1[0-5]):[0-5]\d(?::[0-5]\d)?)?")
_CLOCK = len("06:40")
#: The most signs of a number. No measure of a customer's has more, and reading it is quick.
_MAX_NUMBER = 24
#: Signs between groups of digits, beside the comma and the point of the two conventions.
_GROUPING = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_CONVENTIONS = (".", ","), (",", ".")


def language_of(words: Words, tag: str) -> str:
    """Return the language, of those that a text is spoken in, that is nearest to one: `de` to `de-AT`.

    The first if none is near, and none if the text is in one language only.
    """
    if isinstance(words, str):
        return ""
    return next(one for one in (tag, tag.partition("-")[0], *words) if one in words)


def in_language(words: Words, tag: str) -> str:
    """Return a text in the language that it is spoken in that is nearest to another."""
    return words if isinstance(words, str) else words[language_of(words, tag)]


def clock_of(time: str) -> str:
    """Return what the clock showed at a kept time, without how far it was ahead of UTC."""
    return time[:_CLOCK]


def last_day(now: datetime) -> date:
    """Return the latest day that it is anywhere on Earth: a child born today may be born there."""
    return (now + _FIRST_CLOCK).date()


@dataclass(frozen=True)
class Text:
    """A line of text, taken as it is, of `longest` letters at most. `lines` are those that a form has for it."""

    lines: ClassVar[int] = 1
    longest: int = field(default=LONGEST, kw_only=True)

    @property
    def rule(self) -> str:
        """The sentence that says how such an answer is written; empty if any text is one."""
        return self.rule_in(ENGLISH)

    def rule_in(self, _language: str) -> str:
        """Return that sentence in a language."""
        return ""

    def read(self, text: str, _now: datetime) -> str:
        """Return a printable text as this type keeps it; empty if it is none of this type."""
        return text

    def said(self, value: str) -> str:
        """Return a kept answer as operators and prompts are told it."""
        return value

    def reviewed(self, value: str, _language: str = "") -> str:
        """Return a kept answer as who wrote it sees a slip of the hand best."""
        return self.said(value)


@dataclass(frozen=True)
class LongText(Text):
    """A text of several lines."""

    lines: ClassVar[int] = 5


@dataclass(frozen=True)
class Place(Text):
    """A place's name, as somebody would say it, or a place that was found, with its position behind its name."""

    def said(self, value: str) -> str:
        """See Text."""
        return said_place(value)


@dataclass(frozen=True)
class Address(Text):
    """A postal address."""

    lines: ClassVar[int] = 3


@dataclass(frozen=True)
class Email(Text):
    """A mail address, kept as mail can be sent to it."""

    def rule_in(self, language: str) -> str:
        """See Text."""
        return say(language, "Write a mail address as ada@customer.example.")

    def read(self, text: str, _now: datetime) -> str:
        """See Text."""
        return plain_email(text) or ""


@dataclass(frozen=True)
class Language(Text):
    """A language, kept as a BCP 47 tag."""

    def rule_in(self, language: str) -> str:
        """See Text."""
        return say(language, "Write a language as its name in English or itself, or as a tag such as pt-BR.")

    def read(self, text: str, _now: datetime) -> str:
        """See Text."""
        return read_language(text) or ""


@dataclass(frozen=True)
class Date(Text):
    """A day in ISO 8601, from `first` on, no later than today if it `is_past`.

    If it `is_near`, it is from today to a year from now.
    """

    first: date = date.min
    is_past: bool = False
    is_near: bool = False

    def rule_in(self, language: str) -> str:
        """See Text."""
        if self.is_near:
            return say(language, "Write a date as 2027-12-31, from today to a year from now.")
        if self.first > date.min and self.is_past:
            return say(language, "Write a date as 1990-12-31, from %(first)s to today.", first=self.first.year)
        if self.first > date.min:
            return say(language, "Write a date as 1990-12-31, from %(first)s.", first=self.first.year)
        return say(
            language, "Write a date as 1990-12-31, up to today." if self.is_past else "Write a date as 1990-12-31."
        )

    def read(self, text: str, now: datetime) -> str:
        """See Text."""
        try:
            day = date.fromisoformat(_signs(text))
        except ValueError:
            return ""
        first, last = self.bounds(now)
        return day.isoformat() if first <= day <= last else ""

    def reviewed(self, value: str, language: str = "") -> str:
        """See Text."""
        return said_day(date.fromisoformat(value), language)

    def bounds(self, now: datetime) -> tuple[date, date]:
        """Return the first and the last day that may be given: today is what it is anywhere on Earth."""
        if self.is_near:
            return (now - _LAST_CLOCK).date(), last_day(now + _YEAR)
        return self.first, last_day(now) if self.is_past else date.max


@dataclass(frozen=True)
class Time(Text):
    """A time of day on a clock of 24 hours, kept as 06:40.

    How far it was ahead of UTC may stand behind it, where a place's clocks showed the time twice: 02:30+02:00.
    """

    def rule_in(self, language: str) -> str:
        """See Text."""
        return say(language, "Write a time as 06:40 or 18:05.")

    def read(self, text: str, _now: datetime) -> str:
        """See Text."""
        found = _TIME.fullmatch(_signs(text))
        hour, minute = (int(found[1]), int(found[2])) if found else (24, 0)
        return f"{hour:02}:{minute:02}{found[3] or ''}" if found and hour < 24 and minute < 60 else ""

    def said(self, value: str) -> str:
        """See Text."""
        return f"{clock_of(value)} (UTC{value[_CLOCK:]})" if len(value) > _CLOCK else value


@dataclass(frozen=True)
class Number(Text):
    """A number from `least` to `most`, in a unit if it has one, kept as 120.5.

    Its decimal sign may be a comma, and thousands may be parted. A text that two customs read as two numbers
    within the bounds is not understood.
    """

    least: int
    most: int
    unit: str = ""
    is_whole: bool = False

    def rule_in(self, language: str) -> str:
        """See Text."""
        facts = {"least": self.least, "most": self.most, "unit": f", in {self.unit}" if self.unit else ""}
        if self.is_whole:
            return say(language, "Write a whole number from %(least)s to %(most)s%(unit)s.", **facts)
        return say(language, "Write a number from %(least)s to %(most)s%(unit)s.", **facts)

    def read(self, text: str, _now: datetime) -> str:
        """See Text."""
        bare = _signs(text).casefold().removesuffix(_signs(self.unit).casefold()).strip()
        digits = _GROUPING.sub("", bare)
        found = {value for signs in _CONVENTIONS if (value := _number(digits, *signs)) is not None}
        fitting = [value for value in found if self.least <= value <= self.most and not self._is_odd(value)]
        return format(fitting[0].normalize() + 0, "f") if len(fitting) == 1 else ""

    def _is_odd(self, value: Decimal) -> bool:
        return self.is_whole and value != value.to_integral_value()

    def said(self, value: str) -> str:
        """See Text."""
        return f"{value} {self.unit}".strip()


@dataclass(frozen=True)
class Choice(Text):
    """One of some options, kept by its id, which may be written by its id or by its words in any language."""

    options: Mapping[str, Words]

    def rule_in(self, language: str) -> str:
        """See Text."""
        options = ", ".join(in_language(words, language) for words in self.options.values())
        return say(language, "Choose one of these: %(options)s.", options=options)

    def read(self, text: str, _now: datetime) -> str:
        """See Text."""
        written = _bare(text)
        return next((one for one, words in self.options.items() if written in _spellings(one, words)), "")

    def said(self, value: str) -> str:
        """See Text."""
        return self.reviewed(value)

    def reviewed(self, value: str, language: str = "") -> str:
        """See Text."""
        return in_language(self.options.get(value, value), language)


def _signs(text: str) -> str:
    """Return a text with the plain form of each sign, and without those that have no width."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(letter for letter in plain if unicodedata.category(letter) != "Cf").strip()


def _number(text: str, point: str, comma: str) -> Decimal | None:
    """Return the number that a text is where `point` begins the decimals and `comma` parts thousands, or None."""
    shape = rf"[+-]?(?:\d+|\d{{1,3}}(?:\{comma}\d{{3}})+)(?:\{point}\d+)?"
    if len(text) > _MAX_NUMBER or not re.fullmatch(shape, text):
        return None
    return Decimal(text.replace(comma, "").replace(point, "."))


def _bare(text: str) -> str:
    """Return a text as a custom field's value can hold it: letters and digits, all small."""
    return "".join(letter for letter in _signs(text).casefold() if letter.isalnum())


def _spellings(option: str, words: Words) -> set[str]:
    return {_bare(one) for one in (option, *([words] if isinstance(words, str) else words.values()))}
