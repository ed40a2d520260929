"""The pages that customers see: rendered from templates, with headers that let nothing else load."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actors.brand import brand_name
from actors.deps import Deps

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
)
#: What may load on a page: our own inline style, and nothing else; forms go to us and on to Stripe.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(request: Request, template: str, status: int, **facts: object) -> Response:
    """Return a page."""
    deps: Deps = request.state.deps
    text = _PAGES.get_template(template).render(brand=brand_name(deps.settings), **facts)
    return HTMLResponse(text, status, headers=_HEADERS)
