"""Wire format of Stripe's API: forms come in, lists and refusals go out."""

import operator
from collections.abc import Iterable
from itertools import dropwhile
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

Json = dict[str, Any]

_EQUAL = ("status", "payment_intent", "charge", "type")
_RANGES = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


class Refusal(HTTPException):
    """A request is refused; `more` are further fields of Stripe's error object, such as `code`."""

    def __init__(self, message: str, status: int = 400, **more: str) -> None:
        super().__init__(status, message)
        kind = "api_error" if status >= 500 else "invalid_request_error"
        self._error = {"type": kind, "message": message, **more}

    def answer(self) -> Response:
        """Return the refusal as Stripe words it."""
        return JSONResponse({"error": self._error}, self.status_code)


def read_form(pairs: Iterable[tuple[str, str]]) -> Json:
    """Return nested dicts of strings, lists by number: `line_items[0][price_data][currency]=usd` and the like."""
    form: Json = {}
    for key, value in pairs:
        *above, last = key.replace("]", "").split("[")
        place = form
        for step in above:
            place = place.setdefault(step, {})
        place[last or str(len(place))] = value
    return form


def as_list(data: list[Json], url: str, *, has_more: bool = False) -> Json:
    """Return Stripe's list object."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def list_page(objects: list[Json], asked: Json, url: str) -> Json:
    """Return one page of these objects (given oldest first), the newest first.

    Understood are `limit`, `starting_after`, `created` by `gt gte lt lte`, `status`, `payment_intent`, `charge`,
    `type`, `types` and `delivery_success`.
    """
    later = objects[::-1]
    if after := asked.get("starting_after"):
        # Before the choice: the last of one page may no longer fit when the next is asked for.
        later = list(dropwhile(lambda one: one["id"] != after, later))[1:]
    chosen = [one for one in later if _fits(one, asked)]
    limit = min(int(asked.get("limit", 10)), 100)
    return as_list(chosen[:limit], url, has_more=len(chosen) > limit)


def _fits(one: Json, asked: Json) -> bool:
    delivered = str(one.get("pending_webhooks") == 0).lower()
    return (
        all(asked.get(field) in (None, one.get(field)) for field in _EQUAL)
        and ("types" not in asked or one["type"] in asked["types"].values())
        and asked.get("delivery_success") in (None, delivered)
        and all(_RANGES[how](one["created"], int(at)) for how, at in asked.get("created", {}).items())
    )
