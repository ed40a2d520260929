"""Pages for operators, rendered from templates."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actors.mail.formatting import written_amount
from handlers.views.money import written_sums
from infra.errors import TransientError
from infra.templates import open_templates

Found = TypeVar("Found")

_PAGES = open_templates(Path(__file__).parent / "pages", trim_blocks=True, lstrip_blocks=True)


def page(request: Request, template: str, status: int = 200, **facts: object) -> Response:
    """Return a page. Templates know who is signed in, if anybody is."""
    return HTMLResponse(rendered(request, template, **facts), status)


def rendered(request: Request, template: str, **facts: object) -> str:
    """Return the text of a page, or of a part of one."""
    operator = getattr(request.state, "operator", None)
    return composed(template, operator=operator, path=request.url.path, **facts)


def composed(template: str, **facts: object) -> str:
    """Return the text of a page that nobody looks at in a browser."""
    return _PAGES.get_template(template).render(**facts)


def expect(found: Found | None, lack: str) -> Found:
    """Return what a page is about. HTTPException 404, whose page says what is lacking, if it is not there."""
    if found is None:
        raise HTTPException(404, lack)
    return found


async def refused(request: Request, error: Exception) -> Response:
    """Show why a request was refused."""
    status, said = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    heading = {403: "Not allowed", 404: "Not found"}.get(status, "Not possible")
    return page(request, "refused.html", status, heading=heading, lead=said)


async def broken(request: Request, _error: Exception) -> Response:
    """Say that a page is broken. The server logs the error."""
    lead = "This page has a fault. It is in the log of the web process."
    return page(request, "refused.html", 500, heading="Something is broken", lead=lead)


async def later(request: Request, error: Exception) -> Response:
    """Say that a server is away."""
    lead = str(error) if isinstance(error, TransientError) else "A server did not answer in time."
    return page(request, "refused.html", 503, heading="Try again in a minute", lead=lead)


def _exact(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _moment(at: str | None) -> str:
    """Return a time of a view to the minute."""
    return _exact(datetime.fromisoformat(at))[:-3] if at else ""


def _age(seconds: int) -> str:
    """Return a time in its largest unit and the next one, such as `2 h 5 min`."""
    if seconds < 60:
        return f"{seconds} s"
    days, rest = divmod(seconds, 24 * 3600)
    hours, minutes = divmod(rest // 60, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _money(amount: int, currency: str | None) -> str:
    """Return an amount with its currency, if that is known."""
    return written_amount(amount, currency or "")


_PAGES.filters.update(exact=_exact, moment=_moment, age=_age, sums=written_sums, money=_money)
