"""GET /ops/mail: mails to customers, the newest first, those of one state if one is named."""

from typing import get_args

from starlette.requests import Request
from starlette.responses import Response

from handlers.ops.page import page
from handlers.views.mails import MailState, mails_view

#: Mails on a page.
_MOST = 100


async def mails(request: Request) -> Response:
    """Show the newest mails, with what the mail server said of each."""
    named = request.query_params.get("state")
    states: tuple[MailState, ...] = get_args(MailState)
    state = next((one for one in states if one == named), None)
    found = await mails_view(request.state.deps, state, _MOST)
    return page(request, "mails.html", mails=found, state=state, states=states)
