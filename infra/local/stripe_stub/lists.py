"""Stripe's lists: newest first, in pages, narrowed by the fields that callers may ask for."""

from collections.abc import Sequence

from starlette.datastructures import QueryParams

from infra.local.stripe_stub.errors import StripeStubError
from infra.local.stripe_stub.forms import Json, read_form

_USUAL, _MOST = 10, 100


def list_page(objects: Sequence[Json], query: QueryParams, url: str, equal: tuple[str, ...]) -> Json:
    """One page of these objects (given oldest first).

    Understood are `limit`, `starting_after`, `ending_before`, `created` (exactly or by `gt gte lt lte`), and the
    fields named in `equal`.
    """
    asked = read_form(query.multi_items())
    limit = min(int(asked.get("limit", _USUAL)), _MOST)
    chosen = [one for one in reversed(objects) if _fits(one, asked, equal)]
    if "ending_before" in asked:
        newer = chosen[: _place(chosen, asked["ending_before"])]
        return _page(newer[-limit:], more=len(newer) > limit, url=url)
    if "starting_after" in asked:
        chosen = chosen[_place(chosen, asked["starting_after"]) + 1 :]
    return _page(chosen[:limit], more=len(chosen) > limit, url=url)


def _page(data: list[Json], *, more: bool, url: str) -> Json:
    return {"object": "list", "data": data, "has_more": more, "url": url}


def _place(chosen: list[Json], key: str) -> int:
    for place, one in enumerate(chosen):
        if one["id"] == key:
            return place
    raise StripeStubError(400, f"No such object: '{key}'", code="resource_missing")


def _fits(one: Json, asked: Json, equal: tuple[str, ...]) -> bool:
    if any(field in asked and one.get(field) != asked[field] for field in equal):
        return False
    return _in_range(int(one["created"]), asked.get("created", {}))


def _in_range(created: int, wanted: Json | str) -> bool:
    if isinstance(wanted, str):
        return created == int(wanted)
    return (
        created > int(wanted.get("gt", created - 1))
        and created >= int(wanted.get("gte", created))
        and created < int(wanted.get("lt", created + 1))
        and created <= int(wanted.get("lte", created))
    )
