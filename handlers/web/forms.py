"""Forms: which kind of field takes each answer, and reading what was sent."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from actors.intake.session import plain_answers
from actors.questions import QUESTIONS
from infra.errors import PressroomError

_MAX_FIELDS = 20
#: Kinds of field; all others are one line of text.
_KINDS = {"birth_date": "date", "birth_time": "time", "question": "long", "email": "email"}
#: What a browser may fill in by itself, in the words of the HTML standard.
_AUTOFILL = {"name": "name", "birth_date": "bday", "email": "email"}
#: Nobody alive was born before; a date with an earlier year is a slip of the hand.
_FIRST_BIRTH = date(1900, 1, 1)


class FormCannotBeRead(PressroomError):
    """What was sent is no form, or too long for one."""


class Field(NamedTuple):
    """A field of a form, with what was filled in before. `first` and `last` bound a date."""

    name: str
    label: str
    kind: str
    value: str
    autofill: str
    first: date
    last: date


def fields_for(names: Iterable[str], given: dict[str, str], today: date) -> list[Field]:
    """Return the fields of a form that asks for those answers."""
    return [
        Field(
            name=name,
            label=QUESTIONS[name],
            kind=_KINDS.get(name, "text"),
            value=given.get(name, ""),
            autofill=_AUTOFILL.get(name, "off"),
            first=_FIRST_BIRTH,
            last=today,
        )
        for name in names
    ]


def usable_answers(given: dict[str, str], today: date) -> dict[str, str]:
    """Return the answers of a form that can be used: a date of birth that cannot be one counts as not given."""
    answers = plain_answers(given)
    if not _is_birth_date(answers.get("birth_date", ""), today):
        answers.pop("birth_date", None)
    return answers


def _is_birth_date(text: str, today: date) -> bool:
    try:
        return _FIRST_BIRTH <= date.fromisoformat(text) <= today
    except ValueError:
        return False


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields that were sent; FormCannotBeRead if they cannot be."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise FormCannotBeRead("This form cannot be read.") from None
