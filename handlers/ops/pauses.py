"""GET /ops/pauses, which also says what a pause would do, and POST to begin or end one."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.operators.work_pauses import LONGEST, effect_of, pause_work, resume_work, subjects
from handlers.ops.acts import Fields
from handlers.ops.page import page
from handlers.spans import read_end
from handlers.views.pauses import pauses_that_hold
from infra.errors import PressroomError, TransientError
from storage.audit import Authority


async def ask(request: Request) -> Response:
    """Show the pauses that hold, and what the one that is asked about would do."""
    deps: Deps = request.state.deps
    subject, end = (request.query_params.get(name, "") for name in ("subject", "for"))
    if not subject:
        return await pauses(request)
    try:
        effect = await effect_of(deps, subject, read_end(end, deps.clock.now()))
    except TransientError:
        raise
    except PressroomError as error:
        return await pauses(request, str(error), 422)
    return await pauses(request, asked={"subject": subject, "for": end, "effect": str(effect)})


async def pause_or_resume(request: Request, fields: Fields, authority: Authority) -> str:
    """Begin a pause or end one, then show all."""
    deps: Deps = request.state.deps
    subject = fields.get("subject", "")
    if fields.get("action") == "resume":
        await resume_work(deps, subject, authority)
    else:
        await pause_work(deps, subject, read_end(fields.get("for", ""), deps.clock.now()), authority)
    return "/ops/pauses"


async def pauses(
    request: Request, mistake: str = "", status: int = 200, *, asked: Mapping[str, str] | None = None
) -> Response:
    """Show the pauses that hold, and the effect of the one that is asked about, if one is."""
    deps: Deps = request.state.deps
    facts = {"pauses": await pauses_that_hold(deps), "subjects": subjects(deps), "longest": LONGEST.days}
    return page(request, "pauses.html", status, asked=asked, mistake=mistake, **facts)
