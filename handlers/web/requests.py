"""Requests of customers: the order that a link names, and the fields of a form."""

from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from actors.deps.process import Deps
from infra.links import Links
from infra.speech.say import ENGLISH, nearest
from infra.tenants import MAIN
from storage.orders import find_order_by_token
from storage.records.orders import Order

#: The time for a page about one order, and for its forms: a MongoDB that takes longer is away.
DEADLINE_S = 5.0
_MAX_FIELDS = 40
#: The letters of a list of languages that are read.
_MAX_LANGUAGES = 200


async def order_of(request: Request) -> Order:
    """Return the order of the path's token; HTTPException 404 for a link that is not ours or names none."""
    order = await find_order_of(request)
    if order is None:
        raise HTTPException(404, "There is no such order.\n")
    return order


async def find_order_of(request: Request) -> Order | None:
    """Return the order of the path's token, or None."""
    deps: Deps = request.state.deps
    links, named = Links(deps.settings), request.path_params
    token = links.read_gift(named["gift"]) if is_of_gift(request) else links.read(named["token"])
    return await find_order_by_token(deps.db, token) if token else None


async def order_of_report(request: Request) -> Order:
    """Return the order of the path's report, by the report's own link or the order's; HTTPException 404 else."""
    deps: Deps = request.state.deps
    links, named, of_gift = Links(deps.settings), request.path_params, is_of_gift(request)
    token = links.read_report(named["gift" if of_gift else "token"], named["product"], of_gift=of_gift)
    order = await find_order_by_token(deps.db, token) if token else None
    request.state.is_of_report = order is not None
    return order or await order_of(request)


def is_of_report(request: Request) -> bool:
    """Return whether a request came by the link of one report, from which no way leads to its order.

    It is known once `order_of_report` has read the link.
    """
    return getattr(request.state, "is_of_report", False)


def is_of_gift(request: Request) -> bool:
    """Return whether a request comes by the link of a gift's recipient, who must learn nothing of the purchase."""
    return "gift" in request.path_params


def preferred_languages(request: Request) -> list[str]:
    """Return the tags of the languages that a browser asks for, in its order."""
    asked = request.headers.get("accept-language", "")[:_MAX_LANGUAGES].split(",")
    return [tag for one in asked if (tag := one.partition(";")[0].strip())]


def visitors_language(request: Request) -> str:
    """Return the language of pages that are about no order: the browser's, else the shop's own, else English."""
    deps: Deps = request.state.deps
    return nearest(*preferred_languages(request), deps.tenants[MAIN].language) or ENGLISH


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields that were sent; HTTPException 400 if they cannot be read, or are too many."""
    try:
        return dict(parse_qsl((await request.body()).decode(), max_num_fields=_MAX_FIELDS))
    except (ValueError, ClientDisconnect):
        raise HTTPException(400, "This form cannot be read.\n") from None
