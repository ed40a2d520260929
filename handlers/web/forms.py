"""Forms: which kind of field takes each answer, and reading what was sent."""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl

from starlette.requests import Request

from actors.questions import QUESTIONS
from infra.errors import PressroomError

_MAX_FIELDS = 20
#: Kinds of field; all others are one line of text.
_KINDS = {"birth_date": "date", "birth_time": "time", "question": "long", "email": "email"}


class FormCannotBeRead(PressroomError):
    """What was sent is no form, or too long for one."""


class Field(NamedTuple):
    """A field of a form, with what was filled in before."""

    name: str
    label: str
    kind: str
    value: str


def fields_for(names: Iterable[str], given: dict[str, str]) -> list[Field]:
    """Return the fields of a form that asks for those answers."""
    return [Field(name, QUESTIONS[name], _KINDS.get(name, "text"), given.get(name, "")) for name in names]


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields that were sent; FormCannotBeRead if they cannot be."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise FormCannotBeRead("This form cannot be read.") from None
