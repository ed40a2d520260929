"""Doubts about answers, which are asked and never guessed.

A place of many, or of none; a time that was shown twice; and an address that may be mistyped.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta, timezone
from typing import NamedTuple

from actors.intake.answers import Given, Questions
from actors.mail.formatting import spoken_duration
from actors.products.answer_types import Email, Place, in_language
from actors.products.birth import is_time_in_doubt, local_birth, possible_offsets
from actors.products.questions import BIRTH_PLACE, BIRTH_TIME, Question
from infra.mail_address import likely_address
from infra.places.clocks import in_utc, keep, read_position, said_place
from infra.places.search import Place as Found
from infra.places.search import find_places
from infra.speech.say import say

#: What a form's field is called that settles the doubt about an answer.
_FIELD = "which_{}"
#: Choices of a doubt, beside what is offered: the text as it was written, and no time.
_AS_WRITTEN, _NOT_KNOWN = "as_written", "not_known"
_MINUTE = 60
#: The letters of a place that is not found which a choice has room for.
_SHOWN = 80


@dataclass(frozen=True)
class Doubt:
    """Doubt about the answer `id`: its field's name, a sentence, what may be meant, and what was chosen of it.

    `of_places` tells whether places stand behind it, which have a source to be named.
    """

    id: str
    field: str
    label: str
    sentence: str
    options: Mapping[str, str]
    chosen: str
    of_places: bool


class Settled(NamedTuple):
    """Answers as far as their doubts are settled, and all doubts that there were."""

    answers: dict[str, str]
    doubts: list[Doubt]

    @property
    def is_open(self) -> bool:
        """Whether one of the doubts is not settled."""
        return not all(doubt.chosen for doubt in self.doubts)

    def clear(self, asked: Questions) -> Questions:
        """Return those of the questions about whose answers there was no doubt."""
        in_doubt = {doubt.id for doubt in self.doubts}
        return {name: question for name, question in asked.items() if name not in in_doubt}


def settle(
    asked: Questions, answers: Mapping[str, str], needed: Collection[str], given: Given, language: str
) -> Settled:
    """Settle the doubts about answers by what a form brings. A single place that is found is chosen beforehand.

    A time that is in doubt is no answer until it is settled, and may be left out if it is not needed.
    """
    settled, doubts = dict(answers), list[Doubt]()
    for question in asked.values():
        written = answers.get(question.id, "")
        if isinstance(question.type, Place) and written and read_position(written) is None:
            doubt, kept = _place_doubt(question, written, answers, given, language)
            doubts.append(doubt)
            settled[question.id] = kept.get(doubt.chosen, written)
        elif isinstance(question.type, Email) and (meant := likely_address(written)):
            doubt = _address_doubt(question, written, meant, given, language)
            doubts.append(doubt)
            settled[question.id] = meant if doubt.chosen == meant else written
    if BIRTH_TIME.id in asked and is_time_in_doubt(settled):
        doubt = _time_doubt(settled, given, language, may_be_left_out=BIRTH_TIME.id not in needed)
        doubts.append(doubt)
        settled[BIRTH_TIME.id] = doubt.chosen
        if doubt.chosen in {"", _NOT_KNOWN}:
            del settled[BIRTH_TIME.id]
    return Settled(settled, doubts)


def _place_doubt(
    question: Question, written: str, answers: Mapping[str, str], given: Given, language: str
) -> tuple[Doubt, dict[str, str]]:
    """Return the doubt about a place, and the answer that is kept for each place that was found."""
    # The search tells places apart by this alone: neighbours may share their position, and even their zone.
    found = {place.said(beside_others=True): place for place in find_places(written)}
    kept = {choice: keep(place) for choice, place in found.items()}
    options = {
        choice: _said(place, kept[choice], answers if question.id == BIRTH_PLACE.id else {}, language, len(found))
        for choice, place in found.items()
    }
    if not found:
        sentence = say(language, "We could not find this place. Is it written as it is on a map?")
    elif len(found) == 1:
        sentence = say(language, "We found this place:")
    else:
        sentence = say(language, "There are several places of this name. Which is it?")
    options[_AS_WRITTEN] = say(
        language,
        "Another place: use “%(text)s” as it is" if found else "Use “%(text)s” as it is",
        text=written[:_SHOWN],
    )
    return _doubt(question, sentence, options, given, language, next(iter(kept)) if len(kept) == 1 else ""), kept


def _said(place: Found, kept: str, answers: Mapping[str, str], language: str, among: int) -> str:
    """Return a place with how far ahead of Greenwich its clocks were at the birth, if that is in no doubt."""
    said = place.said(language, beside_others=among > 1)
    possible = possible_offsets({**answers, BIRTH_PLACE.id: kept})
    return f"{said}, {_ahead(possible[0], language)}" if len(possible) == 1 else said


def _address_doubt(question: Question, written: str, meant: str, given: Given, language: str) -> Doubt:
    sentence = say(language, "Is this address written as it should be?")
    as_written = say(language, "Use “%(text)s” as it is", text=written[:_SHOWN])
    return _doubt(question, sentence, {meant: meant, _AS_WRITTEN: as_written}, given, language, "")


def _time_doubt(answers: Mapping[str, str], given: Given, language: str, *, may_be_left_out: bool) -> Doubt:
    local, possible = local_birth(answers), possible_offsets(answers)
    assert local is not None  # noqa: S101  # its time could not be in doubt
    name, _, _ = said_place(answers[BIRTH_PLACE.id]).partition(",")
    facts = {"place": name, "time": f"{local:%H:%M}"}
    kept = [local.timetz().replace(tzinfo=timezone(one)).isoformat("minutes") for one in possible]
    if possible[0] > possible[1]:
        sentence = say(language, "In %(place)s clocks were put back then, and showed %(time)s twice.", **facts)
        options = {
            kept[0]: say(language, "The first time (%(ahead)s)", ahead=_ahead(possible[0], language)),
            kept[1]: say(language, "The second time (%(ahead)s)", ahead=_ahead(possible[1], language)),
        }
    else:
        sentence = say(language, "In %(place)s clocks were put forward then, and never showed %(time)s.", **facts)
        after = in_utc(local, possible[0]) + possible[1]
        options = {
            kept[0]: say(
                language,
                "It is by a clock that was not put forward; the others showed %(time)s",
                time=f"{after:%H:%M}",
            )
        }
    if may_be_left_out:
        options[_NOT_KNOWN] = say(language, "I do not know; leave the time out")
    return _doubt(BIRTH_TIME, sentence, options, given, language, "")


def _doubt(
    question: Question, sentence: str, options: Mapping[str, str], given: Given, language: str, chosen: str
) -> Doubt:
    field = _FIELD.format(question.id)
    told = given.get(field) or ""
    label = in_language(question.words, language)
    of_places = not isinstance(question.type, Email)
    return Doubt(question.id, field, label, sentence, options, told if told in options else chosen, of_places)


def _ahead(offset: timedelta, language: str) -> str:
    """Return in words how far clocks were ahead of Greenwich, to the minute."""
    minutes = round(offset.total_seconds() / _MINUTE)
    hours, rest = divmod(abs(minutes), _MINUTE)
    lengths = filter(None, (hours * 3600, rest * _MINUTE))
    if not minutes:
        return say(language, "then with the clocks of Greenwich")
    return say(
        language,
        "then %(span)s ahead of Greenwich" if minutes > 0 else "then %(span)s behind Greenwich",
        span=" ".join(spoken_duration(length, language) for length in lengths),
    )
