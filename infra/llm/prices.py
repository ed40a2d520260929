"""Prices of tokens by model: those of the package (`prices.toml`), and over them those of LLM_PRICES_FILE."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from infra.errors import SettingsError
from infra.llm.answer import Usage
from infra.toml_file import read_toml

_HOUSE = Path(__file__).parent / "prices.toml"
#: A thousand models: a longer file is no list of prices.
_MAX_BYTES = 256 * 1024
_Dollars = Annotated[float, Meta(ge=0, le=1_000_000)]


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """US dollars for a million tokens of each kind, and their origin. A write costs what input does, if unset."""

    input: _Dollars
    cached: _Dollars
    output: _Dollars
    cache_write: _Dollars | None = None
    as_of: date | None = None
    source: str = ""

    def cost_usd(self, usage: Usage) -> float:
        """Return the cost of an answer in US dollars."""
        written = self.input if self.cache_write is None else self.cache_write
        fresh = max(0, usage.input - usage.cached - usage.cache_write)
        read = fresh * self.input + usage.cached * self.cached + usage.cache_write * written
        return (read + usage.output * self.output) / 1_000_000


class Prices(dict[str, Price]):
    """Prices by model. A model that is not among them has an unknown price, not a price of 0."""

    def cost_usd(self, model: str, usage: Usage) -> float | None:
        """Return the cost of an answer in US dollars. None if the model's price is unknown."""
        price = self.of(model)
        return None if price is None else price.cost_usd(usage)

    def of(self, model: str) -> Price | None:
        """Return the price of a model. None if it is unknown.

        A dated model name (`gpt-5-mini-2026-08-07`) has the price of its family.
        """
        families = sorted(self, key=len, reverse=True)
        return next((self[family] for family in families if _is_of(model, family)), None)


def _is_of(model: str, family: str) -> bool:
    return model == family or model.removeprefix(f"{family}-")[:4].isdigit()


@cache
def read_prices(file: str | None = None) -> Prices:
    """Return the prices of the package, with those of a TOML file laid over them. Read once in a process.

    SettingsError is one line that says why the file cannot be used.
    """
    prices = Prices(msgspec.toml.decode(_HOUSE.read_bytes(), type=dict[str, Price]))
    return prices if file is None else Prices(prices | _read(Path(file)))


def _read(file: Path) -> dict[str, Price]:
    try:
        return msgspec.convert(read_toml("LLM_PRICES_FILE", file, _MAX_BYTES), dict[str, Price])
    except msgspec.ValidationError as error:
        raise SettingsError(f"LLM_PRICES_FILE is wrong: {' '.join(str(error).split())}.") from None


def expect_price(model: str, budget_usd: float | None, prices: Prices) -> None:
    """Check that a budget can be kept. SettingsError if there is one, and the model's price is unknown."""
    if budget_usd is not None and prices.of(model) is None:
        raise SettingsError(
            f"ORDER_BUDGET_USD cannot be kept: the price of {model} is unknown; LLM_PRICES_FILE can name it."
        )
