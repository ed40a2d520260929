"""Pages for customers: rendered from templates, under a brand."""

from email.utils import parseaddr
from pathlib import Path

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from actors.deps.process import Deps
from actors.mail.brand import brand_name, language_of, logo_of, sender_of
from actors.mail.formatting import shown_price, spoken_duration
from actors.products.catalogue import CURRENCY, title_of
from handlers.web.requests import visitors_language
from infra.book import AI_SOURCE
from infra.speech.say import ENGLISH
from infra.speech.templates import teach
from infra.templates import open_templates
from infra.tenants import MAIN
from storage.records.orders import Order

_PAGES = teach(open_templates(Path(__file__).parent / "pages"))


@pass_context
def _duration(context: Context, seconds: int) -> str:
    return spoken_duration(seconds, context["tongue"])


@pass_context
def _price(context: Context, cents: int) -> str:
    return shown_price(cents, CURRENCY, context["tongue"])


_PAGES.filters.update(duration=_duration, price=_price)


def page(
    request: Request, template: str, status: int = 200, *, about: Order | None = None, **facts: object
) -> Response:
    """Return a page under a brand and in a language: those of the order that it is about, or the shop's own.

    Its title is the order's unless the facts have another. Status 422 has a form say that something in it is
    missing or wrong.
    """
    deps: Deps = request.state.deps
    tenant = about["tenant"] if about else MAIN
    tongue = language_of(deps, about) if about else visitors_language(request)
    # Products speak English of themselves.
    sold = "" if tongue == ENGLISH else Markup(' lang="en"')
    known: dict[str, object] = {
        "tongue": tongue,
        "sold": sold,
        "brand": brand_name(deps, tenant),
        "logo": logo_of(deps, tenant),
        "writer": parseaddr(sender_of(deps, tenant))[1],
        "ai_source": AI_SOURCE if deps.settings.ai_notice else "",
        "tax": deps.settings.automatic_tax,
        "incomplete": status == 422,
    }
    if about:
        known["title"] = title_of(about["product"])
    text = _PAGES.get_template(template).render(known | facts)
    return HTMLResponse(text, status)
