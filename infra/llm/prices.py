"""Prices of tokens, by model: US dollars for a million, from the provider's price list of 2026-11."""

from dataclasses import dataclass

from infra.llm.answer import Usage


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens of each kind."""

    input: float
    cached: float
    output: float


#: openai.com/api/pricing, standard tier. A model that is not listed has an unknown price, not a price of 0.
PRICES = {
    "gpt-5": Price(1.25, 0.125, 10.00),
    "gpt-5-mini": Price(0.25, 0.025, 2.00),
    "gpt-5-nano": Price(0.05, 0.005, 0.40),
    "gpt-4.1": Price(2.00, 0.50, 8.00),
    "gpt-4.1-mini": Price(0.40, 0.10, 1.60),
}


def cost_usd(model: str, usage: Usage) -> float | None:
    """Return the cost of an answer in US dollars; None if the model's price is unknown.

    A dated model name (`gpt-5-mini-2026-08-07`) has the price of its family.
    """
    family = next((name for name in sorted(PRICES, key=len, reverse=True) if _is_of(model, name)), None)
    if family is None:
        return None
    price = PRICES[family]
    fresh = max(0, usage.input - usage.cached)
    return (fresh * price.input + usage.cached * price.cached + usage.output * price.output) / 1_000_000


def _is_of(model: str, family: str) -> bool:
    return model == family or model.removeprefix(f"{family}-")[:4].isdigit()
