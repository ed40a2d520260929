"""What is shown of an order: one shape for the command line, the customer's page and scripts."""

from datetime import datetime

from actors.deps import Deps
from infra.links import Links
from storage.costs import Costs, costs_of
from storage.database import Document
from storage.dead_letters import dead_letters
from storage.deliveries import deliveries_of
from storage.order_state import attention_of, order_state, report_state
from storage.reports import reports_of
from storage.steps import count_steps


async def order_view(deps: Deps, order: Document) -> Document:
    """Return an order as the outside contract names its parts."""
    reports = await reports_of(deps.db, [order])
    counts = await count_steps(deps.db, [report["_id"] for report in reports])
    costs = await costs_of(deps.db, order["_id"])
    mails = await deliveries_of(deps.db, order["_id"])
    dead = await dead_letters(deps.db, limit=100, order=order["_id"], state="open")
    return {
        **order_summary(deps, order, reports),
        "reports": [_report(report, counts) for report in reports],
        "llm": _llm(costs),
        "mails": [{"kind": m["kind"], "message_id": m["message_id"], "state": m["state"]} for m in mails],
        "mails_refused": sorted(m["kind"] for m in mails if m["state"] == "refused"),
        "dead": [letter["_id"] for letter in dead],
    }


def order_summary(deps: Deps, order: Document, reports: list[Document]) -> Document:
    """Return what a listing shows of an order."""
    return {
        "order_id": order["_id"],
        "state": order_state(order, [report for report in reports if report["plan"]]),
        "tenant": order["tenant"],
        "product": order["product"],
        "url": Links(deps.settings).order(order["token"]),
        "on_hold": order["on_hold"],
        "attention": attention_of(order),
        "placed_at": as_text(order["placed_at"]),
        "paid_at": as_text(order["paid_at"]),
        "amount_refunded": order["amount_refunded"],
    }


def as_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, or None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _llm(costs: Costs) -> Document:
    return {
        "attempts": costs.attempts,
        "settled": costs.settled,
        "possibly_paid": costs.possibly_paid,
        "tokens": costs.input_tokens + costs.output_tokens,
        "cost_usd": costs.cost_usd,
    }


def _report(report: Document, counts: dict[tuple[str, str, str], int]) -> Document:
    def count(kind: str) -> tuple[int, int]:
        states = {state: n for (owner, k, state), n in counts.items() if (owner, k) == (report["_id"], kind)}
        return states.get("done", 0), sum(states.values())

    sections_done, sections_total = count("write")
    chunks_done, chunks_total = count("render")
    pdf = report["pdf"]
    return {
        "product": report["product"],
        "state": report_state(report, counts),
        "sections_done": sections_done,
        "sections_total": sections_total,
        "chunks_done": chunks_done,
        "chunks_total": chunks_total,
        "downloads": report.get("downloads", {}).get("count", 0),
        "pdf": {name: pdf[name] for name in ("key", "sha256", "pages", "bytes")} if pdf else None,
    }
