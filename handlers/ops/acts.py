"""Acts of operators: from a form with a reason to a thing done, or to the page again with what hinders it."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from handlers.ops.guard import authority_of, form_of
from infra.accounts import Role
from infra.errors import PressroomError, TransientError
from storage.audit import Authority

Fields = Mapping[str, str]
#: Does what a form with these fields asks for, and returns the path of the page to go to, or a page of its own.
Act = Callable[[Request, Fields, Authority], Awaitable[str | Response]]
#: Shows the form's page again, with its mistake and a status.
Show = Callable[[Request, str, int], Awaitable[Response]]


def form(act: Act, show: Show) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that carries out what an operator's form asks for."""

    async def take(request: Request) -> Response:
        return await carry_out(request, "operator", act, show)

    return take


async def carry_out(request: Request, role: Role, act: Act, show: Show) -> Response:
    """Do what a form asks for, and lead on. The form's page again, with 422 and the reason, if that cannot be.

    HTTPException 403 if the operator's role may not, or the form is not one of ours.
    """
    fields = await form_of(request, role)
    try:
        done = await act(request, fields, authority_of(request, fields))
    except TransientError:
        raise
    except PressroomError as error:
        return await show(request, str(error), 422)
    return RedirectResponse(done, 303) if isinstance(done, str) else done
