"""Findings about a call of the LLM, which costs money: the SDK is loaded with this module."""

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from infra.llm.trial import try_model

#: Time for a call of each effort, which run at once.
CALL_S = 30.0


async def call_model(deps: Deps) -> str:
    """Call the model once for each effort that a product asks for, and say what that cost."""
    efforts = {product.effort for product in PRODUCTS.values()}
    tried = await try_model(deps.settings, efforts)
    cost = "an unknown price" if tried.cost_usd is None else f"{tried.cost_usd:.6f} US dollars"
    named = ", ".join(sorted(effort or "the model's own" for effort in efforts))
    without = f"; the provider knows no {', '.join(tried.left_out)}" if tried.left_out else ""
    return f"answered for {cost}, with the effort {named}{without}"
