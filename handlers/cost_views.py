"""What is shown of costs: one shape for the command line and for scripts."""

from actors.deps.process import Deps
from storage.costs import Costs, section_costs
from storage.database import Document


async def order_costs(deps: Deps, order: Document) -> Document:
    """Return what an order cost: each section of each report, with sums of the reports and of all."""
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
