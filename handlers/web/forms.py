"""Forms: reading what was sent, and what of it can be used."""

from datetime import date
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

from actors.intake.session import plain_answers

_MAX_FIELDS = 20
#: Nobody alive was born before; a date with an earlier year is a slip of the hand.
FIRST_BIRTH = date(1900, 1, 1)


def usable_answers(given: dict[str, str], today: date) -> dict[str, str]:
    """Return the answers of a form that can be used: a date of birth that cannot be one counts as not given."""
    answers = plain_answers(given)
    if not _is_birth_date(answers.get("birth_date", ""), today):
        answers.pop("birth_date", None)
    return answers


def _is_birth_date(text: str, today: date) -> bool:
    try:
        return FIRST_BIRTH <= date.fromisoformat(text) <= today
    except ValueError:
        return False


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields that were sent; HTTPException 400 if they cannot be read, or are too many."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise HTTPException(400, "This form cannot be read.\n") from None
