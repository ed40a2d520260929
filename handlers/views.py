"""Views of an order and of its costs: one shape for the command line, the customer's page and scripts."""

from datetime import datetime

from actors.deps.process import Deps
from infra.links import Links
from storage.costs import Costs, costs_of, section_costs
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
        "llm": {**sum_view(costs), "tokens": costs.input_tokens + costs.output_tokens},
        "mails": [{"kind": m["kind"], "message_id": m["message_id"], "state": m["state"]} for m in mails],
        "mails_refused": sorted(m["kind"] for m in mails if m["state"] == "refused"),
        "dead": [letter["_id"] for letter in dead],
    }


def order_summary(deps: Deps, order: Document, reports: list[Document]) -> Document:
    """Return an order's row of a listing."""
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


async def order_costs(deps: Deps, order: Document) -> Document:
    """Return the costs of an order: each section of each report, with sums of the reports and of all."""
    sections = await section_costs(deps.db, order["_id"])
    reports, whole = [], Costs()
    for product in order["products"]:
        own = [(section, costs) for section, costs in sections if section["product"] == product]
        total = sum((costs for _, costs in own), Costs())
        whole += total
        shown = [{**section, **sum_view(costs)} for section, costs in own]
        reports.append({"product": product, "sections": shown, "total": sum_view(total)})
    facts = {"order_id": order["_id"], "tenant": order["tenant"], "product": order["product"]}
    return {**facts, "reports": reports, "total": sum_view(whole)}


def sum_view(costs: Costs) -> Document:
    """Return a sum in the contract's words; `cost_usd` is None where a part is unknown, beside `known_usd`."""
    return {
        "attempts": costs.attempts,
        "settled": costs.settled,
        "possibly_paid": costs.possibly_paid,
        "input_tokens": costs.input_tokens,
        "cached_tokens": costs.cached_tokens,
        "output_tokens": costs.output_tokens,
        "cost_usd": costs.cost_usd,
        "known_usd": round(costs.known_usd, 6),
    }


def as_text(moment: datetime | None) -> str | None:
    """Return a time as ISO 8601 in UTC, or None."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


def _report(report: Document, counts: dict[tuple[str, str, str], int]) -> Document:
    def progress(part: str, kind: str) -> Document:
        states = {state: n for (owner, k, state), n in counts.items() if (owner, k) == (report["_id"], kind)}
        return {f"{part}_done": states.get("done", 0), f"{part}_total": sum(states.values())}

    pdf = report["pdf"]
    return {
        "product": report["product"],
        "state": report_state(report, counts),
        **progress("sections", "write"),
        **progress("chunks", "render"),
        "downloads": report.get("downloads", {}).get("count", 0),
        "pdf": {name: pdf[name] for name in ("key", "sha256", "pages", "bytes")} if pdf else None,
    }
