"""GET /ops/pauses, which also says what a pause would do, and POST to begin or end one."""

from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.pause_work import LONGEST, effect_of, pause_work, resume_work, subjects
from handlers.ops.acts import carry_out
from handlers.ops.page import page
from handlers.spans import read_end
from handlers.views.pauses import pauses_that_hold, told_effect
from infra.errors import PressroomError, TransientError
from storage.audit import Authority

_PATH = "/ops/pauses"


async def pauses(request: Request) -> Response:
    """Show the pauses that hold, and what the one that is asked about would do."""
    deps: Deps = request.state.deps
    subject, end = (request.query_params.get(name, "") for name in ("subject", "for"))
    if not subject:
        return await _pauses(request, "", 200)
    try:
        effect = await effect_of(deps, subject, read_end(end, deps.clock.now()))
    except TransientError:
        raise
    except PressroomError as error:
        return await _pauses(request, str(error), 422)
    return await _pauses(request, "", 200, {"subject": subject, "for": end, "effect": told_effect(effect)})


async def pause_or_resume(request: Request) -> Response:
    """Begin a pause or end one, then show all. 422 with the reason if that cannot be."""
    return await carry_out(request, "operator", partial(_act, request), _pauses)


async def _act(request: Request, fields: Mapping[str, str], authority: Authority) -> str:
    deps: Deps = request.state.deps
    subject = fields.get("subject", "")
    if fields.get("action") == "resume":
        await resume_work(deps, subject, authority)
    else:
        await pause_work(deps, subject, read_end(fields.get("for", ""), deps.clock.now()), authority)
    return _PATH


async def _pauses(request: Request, mistake: str, status: int, asked: Mapping[str, str] | None = None) -> Response:
    deps: Deps = request.state.deps
    held = await pauses_that_hold(deps)
    return page(
        request,
        "pauses.html",
        status,
        pauses=held,
        subjects=subjects(deps),
        asked=asked,
        mistake=mistake,
        longest=LONGEST.days,
    )
