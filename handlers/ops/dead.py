"""GET /ops/dead and /ops/dead/{letter}, and POST to replay or discard one."""

from collections.abc import Mapping
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.dead_letters import resolve_dead_letter
from handlers.ops.acts import carry_out
from handlers.ops.page import page
from storage.audit import Authority
from storage.dead_letters import dead_letters, find_dead_letter

#: Letters on a page.
_MOST = 100
_ACTIONS = ("replayed", "discarded")


async def open_letters(request: Request) -> Response:
    """Show the open dead letters, the newest first."""
    deps: Deps = request.state.deps
    return page(request, "dead.html", letters=await dead_letters(deps.db, limit=_MOST, state="open"))


async def letter(request: Request) -> Response:
    """Show a dead letter with its traceback."""
    return await _letter(request, "", 200)


async def close(request: Request) -> Response:
    """Replay or discard a dead letter, then show it. 422 with the reason if that cannot be."""
    return await carry_out(request, "operator", partial(_close, request), _letter)


async def _close(request: Request, fields: Mapping[str, str], authority: Authority) -> str:
    action = fields.get("action", "")
    if action not in _ACTIONS:
        raise HTTPException(400, "A dead letter is replayed or discarded.")
    await resolve_dead_letter(request.state.deps, request.path_params["letter"], action, authority)
    return request.url.path


async def _letter(request: Request, mistake: str, status: int) -> Response:
    deps: Deps = request.state.deps
    found = await find_dead_letter(deps.db, request.path_params["letter"])
    if found is None:
        raise HTTPException(404, "There is no such dead letter.")
    return page(request, "letter.html", status, letter=found, mistake=mistake)
