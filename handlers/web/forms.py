"""Forms: reading what was sent."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

_MAX_FIELDS = 20


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields that were sent; HTTPException 400 if they cannot be read, or are too many."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise HTTPException(400, "This form cannot be read.\n") from None
