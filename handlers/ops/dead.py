"""GET /ops/dead and /ops/dead/{letter}: dead letters by their cause; and POST to replay or discard one."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.operators.dead_letters import resolve_dead_letter
from actors.orders.operators.quote import quote_dead
from actors.orders.operators.replays import replay_letter
from handlers.ops.acts import Fields
from handlers.ops.guard import operator_of
from handlers.ops.page import expect, page
from handlers.views.bulk import told_quote
from handlers.views.dead import groups_view
from handlers.views.masking import without_words
from storage.audit import Authority
from storage.dead_groups import UNGROUPED, newest_of_group
from storage.dead_letters import find_dead_letter

#: Causes on a page, and letters of one.
_MOST_GROUPS, _MOST = 200, 100


async def groups(request: Request) -> Response:
    """Show the open dead letters by their cause; those of one if the address names it."""
    deps: Deps = request.state.deps
    found = await groups_view(deps, _MOST_GROUPS)
    named = request.query_params.get("group")
    if named is None:
        return page(request, "dead.html", groups=found, letters=sum(one["letters"] for one in found))
    group = next((one for one in found if one["group"] == named), None)
    group = expect(group, "No open dead letter has this cause any more.")
    key = named if named != UNGROUPED else None
    letters = await newest_of_group(deps.db, key, _MOST)
    return page(request, "group.html", group=group, letters=letters)


async def close(request: Request, fields: Fields, authority: Authority) -> str:
    """Replay a dead letter as quoted, or discard it, then show it."""
    deps: Deps = request.state.deps
    named, action = request.path_params["letter"], fields.get("action", "")
    if action == "replayed":
        await replay_letter(deps, named, fields.get("quote", ""), authority)
    elif action == "discarded":
        await resolve_dead_letter(deps, named, "discarded", authority)
    else:
        raise HTTPException(400, "A dead letter is replayed or discarded.")
    return request.url.path


async def letter(request: Request, mistake: str = "", status: int = 200) -> Response:
    """Show a dead letter with its traceback, and what its replay would do. Viewers read no words of errors."""
    deps: Deps = request.state.deps
    found = expect(await find_dead_letter(deps.db, request.path_params["letter"]), "There is no such dead letter.")
    quote = await quote_dead(deps, [found["_id"]])
    trace = found["traceback"] or ""
    facts = {
        "quote": quote.facts,
        "told": told_quote(quote.facts),
        "traceback": trace if operator_of(request).may("operator") else without_words(trace),
    }
    return page(request, "letter.html", status, letter=found, mistake=mistake, **facts)
