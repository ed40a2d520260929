"""GET /ops/orders/{order}/replay: the quote for an order's dead work or one section; and POST to begin it."""

from starlette.requests import Request
from starlette.responses import Response

from actors.deps.process import Deps
from actors.orders.operators.replays import quote_order, replay_order
from actors.reports.replay import Words
from handlers.ops.acts import Fields
from handlers.ops.orders import order_named
from handlers.ops.page import page
from handlers.views.bulk import told_quote
from storage.audit import Authority
from storage.records.orders import Order
from storage.reports import reports_of


async def begin(request: Request, fields: Fields, authority: Authority) -> str:
    """Replay as quoted, then show the order."""
    order = request.path_params["order"]
    wanted = _wanted(request)
    await replay_order(request.state.deps, order, fields.get("quote", ""), authority, *wanted, _words(request))
    return request.url.path.removesuffix("/replay")


async def quoted(request: Request, mistake: str = "", status: int = 200) -> Response:
    """Show the quote, of the section that the address names or of all that is dead."""
    deps: Deps = request.state.deps
    order, wanted = await order_named(request), _wanted(request)
    quote = await quote_order(deps, order["_id"], *wanted, _words(request))
    return page(
        request,
        "replay.html",
        status,
        order=order["_id"],
        words=_words(request),
        chosen=":".join(filter(None, wanted)),
        sections=await _sections(deps, order),
        quote=quote.facts,
        told=told_quote(quote.facts),
        query=request.url.query,
        mistake=mistake,
    )


def _wanted(request: Request) -> tuple[str | None, str | None]:
    """Return the report and the section that the address names, None for all that is dead."""
    product, _, section = request.query_params.get("from", "").partition(":")
    return product or None, section or None


def _words(request: Request) -> Words:
    return "today" if request.query_params.get("words") == "today" else "pinned"


async def _sections(deps: Deps, order: Order) -> list[str]:
    """Return the sections of an order's begun reports, each after its product."""
    begun = [report for report in await reports_of(deps.db, [order]) if report["plan"]]
    sections = []
    for report in begun:
        plan = await deps.plans.get(report["plan"] or "")
        named = [step["section"] for step in plan["steps"].values() if "section" in step]
        sections += [f"{report['product']}:{section}" for section in named]
    return sections
