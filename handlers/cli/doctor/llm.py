"""Findings about the LLM: the model, its price, and an answer, which costs money."""

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from handlers.cli.common import Row
from handlers.cli.doctor.findings import IsOfNoUse
from infra.llm.models import WARN_DAYS, describe_model

#: Time for a call of each effort, which run at once.
CALL_S = 30.0


def budget(deps: Deps) -> Row:
    """Say whether the budget can be kept: no call is bought of a model whose price is unknown."""
    budget, model = deps.settings.order_budget_usd, deps.settings.openai_model
    priced = deps.prices.of(model) is not None
    finding = "no ORDER_BUDGET_USD" if budget is None else f"{budget:g} US dollars an order"
    if budget is not None and not priced:
        finding += f", which cannot be kept: LLM_PRICES_FILE must name the price of {model}, or no worker writes"
    return {"server": "budget", "well": budget is None or priced, "finding": finding}


async def model(deps: Deps) -> str:
    """Say whether the provider has the model, for how long, and of when its price is."""
    found = await describe_model(deps.settings)
    if found.problem is not None:
        raise IsOfNoUse(found.problem)
    price = deps.prices.of(deps.settings.openai_model)
    ends = f"ends on {found.last_day}" if found.last_day else "no end announced"
    ends += f", price of {price.as_of or 'an unknown day'}" if price else ", price unknown"
    if found.warning(deps.clock.now().date()) == min(WARN_DAYS):
        raise IsOfNoUse(f"{ends}: name another in OPENAI_MODEL")
    return ends


async def call(deps: Deps) -> str:
    """Call the model once for each effort that a product asks for, and say what that cost."""
    from infra.llm.trial import try_model  # here, since only this needs the vendor's library

    efforts = {product.effort for product in PRODUCTS.values()}
    tried = await try_model(deps.settings, efforts)
    cost = "an unknown price" if tried.cost_usd is None else f"{tried.cost_usd:.6f} US dollars"
    named = ", ".join(sorted(effort or "the model's own" for effort in efforts))
    without = f"; the provider knows no {', '.join(tried.left_out)}" if tried.left_out else ""
    return f"answered for {cost}, with the effort {named}{without}"
