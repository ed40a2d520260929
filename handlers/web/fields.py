"""Fields of customers' forms: how a browser asks a question, by the type of its answer."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from actors.intake.answers import Given, Questions, mistakes_in, plain_text
from actors.products.answer_types import (
    Choice,
    Date,
    Email,
    Number,
    Text,
    Time,
    clock_of,
    in_language,
    language_of,
)
from actors.products.questions import Question
from infra.speech.say import say


@dataclass(frozen=True)
class Field:
    """One field as the template takes it; `lang` is the language of its words, empty for that of the page."""

    id: str
    label: str
    help: str
    lang: str
    value: str
    mistake: str
    lines: int
    options: Mapping[str, str]
    attributes: Mapping[str, str]
    is_needed: bool


def find_mistakes(
    asked: Questions, needed: Collection[str], given: Given, now: datetime, language: str
) -> dict[str, str]:
    """Return a sentence for each answer of a form that cannot be used, and for each needed one that is missing."""
    sentence = say(language, "Please fill this in.")
    missing = {name: sentence for name in needed if not (given.get(name) or "").strip()}
    return missing | mistakes_in(asked, given, now, language)


def fields_of(
    questions: Iterable[Question],
    needed: Collection[str],
    given: Given,
    mistakes: Mapping[str, str],
    language: str,
    now: datetime,
) -> list[Field]:
    """Return the fields of a form in a language, as far as its questions are spoken in it, with what was typed."""
    return [
        Field(
            id=question.id,
            label=f"{in_language(question.words, language)}{_unit(question.type)}",
            help=in_language(question.help, language),
            lang=language_of(question.words, language),
            value=plain_text(given.get(question.id) or ""),
            mistake=mistakes.get(question.id, ""),
            lines=question.type.lines,
            options=_options(question.type, language),
            attributes={
                "autocomplete": question.autocomplete,
                **_attributes(question.type, now, given.get(question.id) or ""),
            },
            is_needed=question.id in needed,
        )
        for question in questions
    ]


def reviewed_answers(questions: Questions, answers: Mapping[str, str], language: str) -> list[tuple[str, str]]:
    """Return questions and answers as a review says them in a language; an empty text where none was given."""
    told = []
    for name, question in questions.items():
        value = answers.get(name)
        said = question.type.reviewed(value, language) if value else ""
        told.append((in_language(question.words, language), said))
    return told


def _unit(kind: Text) -> str:
    return f" ({kind.unit})" if isinstance(kind, Number) and kind.unit else ""


def _options(kind: Text, language: str) -> dict[str, str]:
    options = kind.options if isinstance(kind, Choice) else {}
    return {one: in_language(words, language) for one, words in options.items()}


def _attributes(kind: Text, now: datetime, value: str) -> dict[str, str]:
    """Return what tells a browser how such an answer is typed. Our own check does not rely on it."""
    match kind:
        case Choice():
            return {}
        case Date():
            first, last = kind.bounds(now)
            return {"type": "date", "min": first.isoformat(), "max": last.isoformat()}
        # Of a longer time a browser's own field would show nothing.
        case Time() if value == clock_of(value):
            return {"type": "time"}
        case Number():
            return {"type": "text", "inputmode": "numeric" if kind.is_whole else "decimal", "maxlength": "40"}
        case Email():
            return {"type": "email", "maxlength": "320"}
        case _ if kind.lines > 1:
            return {"maxlength": str(kind.longest)}
        case _:
            return {"type": "text", "maxlength": str(min(kind.longest, 200))}
