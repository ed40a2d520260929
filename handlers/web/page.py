"""Pages for customers: rendered from templates, under a brand."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actors.deps.process import Deps
from actors.mail.brand import brand_name, logo_of
from actors.mail.formatting import shown_price, spoken_duration
from actors.products.catalogue import CURRENCY
from infra.book import AI_SOURCE
from infra.speech.say import ENGLISH
from infra.speech.templates import teach
from infra.tenants import MAIN

_PAGES = teach(
    Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
    )
)
_PAGES.filters.update(duration=spoken_duration, price=lambda cents: shown_price(cents, CURRENCY))


def page(request: Request, template: str, status: int, *, tenant: str = MAIN, **facts: object) -> Response:
    """Return a page under a tenant's brand. Status 422 has a form say that something in it is missing or wrong."""
    deps: Deps = request.state.deps
    known = {
        "brand": brand_name(deps, tenant),
        "logo": logo_of(deps, tenant),
        "ai_source": AI_SOURCE if deps.settings.ai_notice else "",
        "incomplete": status == 422,
    }
    text = _PAGES.get_template(template).render(tongue=ENGLISH, **known, **facts)
    return HTMLResponse(text, status)
