"""GET /ops/dead and /ops/dead/{letter}, and POST to replay or discard one."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from actors.deps.process import Deps
from actors.orders.dead_letters import resolve_dead_letter
from handlers.ops.guard import authority_of, form_of
from handlers.ops.page import page
from infra.errors import PressroomError, TransientError
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
    fields = await form_of(request, "operator")
    deps: Deps = request.state.deps
    action = fields.get("action", "")
    if action not in _ACTIONS:
        raise HTTPException(400, "A dead letter is replayed or discarded.")
    try:
        await resolve_dead_letter(deps, request.path_params["letter"], action, authority_of(request, fields))
    except TransientError:
        raise
    except PressroomError as error:
        return await _letter(request, str(error), 422)
    return RedirectResponse(request.url.path, 303)


async def _letter(request: Request, mistake: str, status: int) -> Response:
    deps: Deps = request.state.deps
    found = await find_dead_letter(deps.db, request.path_params["letter"])
    if found is None:
        raise HTTPException(404, "There is no such dead letter.")
    return page(request, "letter.html", status, letter=found, mistake=mistake)
