"""Views of an order and of its costs."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypedDict

from actors.deps.process import Deps
from infra.links import Links
from storage.costs import Costs, SectionCalls, costs_of, section_costs
from storage.dead_letters import open_letters_of
from storage.deliveries import deliveries_of
from storage.grouping import ids_of
from storage.order_state import attention_of, order_state, report_state
from storage.records.orders import Order
from storage.records.work import Pdf, Report
from storage.reports import reports_of
from storage.steps import count_steps


class OrderMail(TypedDict):
    """Mail of an order."""

    kind: str
    message_id: str
    state: str


class PdfView(TypedDict):
    """Finished PDF."""

    key: str
    sha256: str
    pages: int
    bytes: int


class ReportView(TypedDict):
    """Report of an order, with its progress."""

    product: str
    state: str
    sections_done: int
    sections_total: int
    chunks_done: int
    chunks_total: int
    downloads: int
    pdf: PdfView | None


class SumView(TypedDict):
    """Sum of costs. `cost_usd` is None where a part is unknown, beside `known_usd`; so is `cache_write_usd`."""

    attempts: int
    settled: int
    possibly_paid: int
    input_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    output_tokens: int
    cache_write_usd: float | None
    cost_usd: float | None
    known_usd: float


class OrderSum(SumView):
    """Sum of an order's costs. `tokens` are those of input and output."""

    tokens: int


class OrderSummary(TypedDict):
    """Row of a listing of orders."""

    order_id: str
    state: str
    tenant: str
    product: str | None
    url: str
    on_hold: bool
    attention: str | None
    language: str | None
    #: What the customer wrote for an answer that was not understood.
    unread: dict[str, str]
    placed_at: str | None
    paid_at: str | None
    #: When the mail of a gift may go out. None if the order is no gift.
    gift_at: str | None
    amount_refunded: int


class OrderProgress(OrderSummary):
    """Order with its reports, mails and open dead letters."""

    reports: list[ReportView]
    mails: list[OrderMail]
    mails_refused: list[str]
    dead: list[str]


class OrderView(OrderProgress):
    """Order with all that belongs to it, and its costs."""

    llm: OrderSum


class SectionView(SectionCalls, SumView):
    """Section with its costs."""


class ReportCosts(TypedDict):
    """Costs of a report by section, and in all."""

    product: str
    sections: list[SectionView]
    total: SumView


class OrderCosts(TypedDict):
    """Costs of an order by report, and in all."""

    order_id: str
    tenant: str
    product: str | None
    reports: list[ReportCosts]
    total: SumView


async def order_view(deps: Deps, order: Order) -> OrderView:
    """Return an order as the outside contract names its parts."""
    costs = await costs_of(deps.db, order["_id"])
    return {
        **await order_progress(deps, order),
        "llm": {**sum_view(costs), "tokens": costs.input_tokens + costs.output_tokens},
    }


async def order_progress(deps: Deps, order: Order) -> OrderProgress:
    """Return the same without costs, which take longest to sum up."""
    reports = await reports_of(deps.db, [order])
    counts = await count_steps(deps.db, ids_of(reports))
    mails = await deliveries_of(deps.db, order["_id"])
    return {
        **order_summary(deps, order, reports),
        "reports": [_report(report, counts) for report in reports],
        "mails": [{"kind": m["kind"], "message_id": m["message_id"], "state": m["state"]} for m in mails],
        "mails_refused": sorted(m["kind"] for m in mails if m["state"] == "refused"),
        "dead": await open_letters_of(deps.db, order["_id"], limit=100),
    }


async def orders_summary(deps: Deps, orders: Sequence[Order]) -> list[OrderSummary]:
    """Return the rows of a listing of orders."""
    reports = await reports_of(deps.db, orders)
    return [order_summary(deps, order, [r for r in reports if r["order"] == order["_id"]]) for order in orders]


def order_summary(deps: Deps, order: Order, reports: list[Report]) -> OrderSummary:
    """Return an order's row of a listing."""
    return {
        "order_id": order["_id"],
        "state": order_state(order, [report for report in reports if report["plan"]]),
        "tenant": order["tenant"],
        "product": order["product"],
        "url": Links(deps.settings).order(order["token"]),
        "on_hold": order["on_hold"],
        "attention": attention_of(order),
        "language": order["answers"].get("language"),
        "unread": order.get("unread", {}),
        "placed_at": as_text(order["placed_at"]),
        "paid_at": as_text(order["paid_at"]),
        "gift_at": as_text(order["gift"]["at"]) if "gift" in order else None,
        "amount_refunded": order["amount_refunded"],
    }


async def order_costs(deps: Deps, order: Order) -> OrderCosts:
    """Return the costs of an order: each section of each report, with sums of the reports and of all."""
    sections = await section_costs(deps.db, order["_id"])
    reports: list[ReportCosts] = []
    whole = Costs()
    for product in order["products"]:
        own = [(section, costs) for section, costs in sections if section["product"] == product]
        total = sum((costs for _, costs in own), Costs())
        whole += total
        shown: list[SectionView] = [{**section, **sum_view(costs)} for section, costs in own]
        reports.append({"product": product, "sections": shown, "total": sum_view(total)})
    return {
        "order_id": order["_id"],
        "tenant": order["tenant"],
        "product": order["product"],
        "reports": reports,
        "total": sum_view(whole),
    }


def sum_view(costs: Costs) -> SumView:
    """Return a sum in the contract's words."""
    return {
        "attempts": costs.attempts,
        "settled": costs.settled,
        "possibly_paid": costs.possibly_paid,
        "input_tokens": costs.input_tokens,
        "cached_tokens": costs.cached_tokens,
        "cache_write_tokens": costs.cache_write_tokens,
        "output_tokens": costs.output_tokens,
        "cache_write_usd": costs.cache_write_usd,
        "cost_usd": costs.cost_usd,
        "known_usd": round(costs.known_usd, 6),
    }


def as_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, or None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def seconds_since(moment: datetime | None, now: datetime) -> float:
    """Return the seconds since then, and 0 without a time."""
    return max(0.0, round((now - moment).total_seconds(), 1)) if moment else 0.0


def _report(report: Report, counts: dict[tuple[str, str, str], int]) -> ReportView:
    sections, chunks = (_progress(report["_id"], kind, counts) for kind in ("write", "render"))
    pdf = report["pdf"]
    return {
        "product": report["product"],
        "state": report_state(report, counts),
        "sections_done": sections.get("done", 0),
        "sections_total": sum(sections.values()),
        "chunks_done": chunks.get("done", 0),
        "chunks_total": sum(chunks.values()),
        "downloads": report["downloads"]["count"] if "downloads" in report else 0,
        "pdf": _pdf(pdf) if pdf else None,
    }


def _progress(report: str, kind: str, counts: dict[tuple[str, str, str], int]) -> dict[str, int]:
    """Return the number of a report's steps of a kind, by state."""
    return {state: n for (owner, k, state), n in counts.items() if (owner, k) == (report, kind)}


def _pdf(pdf: Pdf) -> PdfView:
    return {"key": pdf["key"], "sha256": pdf["sha256"], "pages": pdf["pages"], "bytes": pdf["bytes"]}
