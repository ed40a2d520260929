"""Prices: those of the package, a file laid over them, and what stops a start."""

from pathlib import Path

import pytest

from infra.errors import SettingsError
from infra.llm.answer import Usage
from infra.llm.prices import expect_price, read_prices

PRICES = read_prices()


def test_every_price_has_its_kinds_and_its_source() -> None:
    """Cached input is cheaper than fresh, and output dearer; each price says where it is from, and of when."""
    for price in PRICES.values():
        assert 0 < price.cached < price.input < price.output
        assert price.cache_write is None or price.cache_write == pytest.approx(1.25 * price.input)
        assert price.source
        assert price.as_of is not None


def test_an_unknown_model_has_no_price() -> None:
    """What is not in the price list costs an unknown amount, not nothing."""
    assert PRICES.cost_usd("llama-9", Usage(1000, 0, 1000)) is None


def test_a_dated_model_costs_what_its_family_does() -> None:
    """Cached input is cheaper, and the date in a model's name does not change its price."""
    usage = Usage(input=1_000_000, cached=400_000, output=1_000_000)
    assert PRICES.cost_usd("gpt-5-mini-2026-08-07", usage) == pytest.approx(0.6 * 0.25 + 0.4 * 0.025 + 2.00)
    assert PRICES.cost_usd("gpt-5-minimal", usage) is None


def test_what_the_provider_stores_has_a_price_of_its_own() -> None:
    """Of a million tokens read, those stored before are cheaper, and those stored now dearer, than the rest."""
    usage = Usage(input=1_000_000, cached=500_000, output=0, cache_write=400_000)
    expected = 0.1 * 0.20 + 0.5 * 0.02 + 0.4 * 0.25
    assert PRICES.cost_usd("gpt-5.6-luna", usage) == pytest.approx(expected)
    assert PRICES.cost_usd("gpt-5-mini", usage) == pytest.approx(0.5 * 0.25 + 0.5 * 0.025)


def test_a_file_adds_models_and_replaces_prices(tmp_path: Path) -> None:
    """An owner's price goes before the package's, and the other models keep theirs."""
    file = tmp_path / "prices.toml"
    file.write_text(
        "[llama-9]\ninput = 0\ncached = 0\noutput = 0\n[gpt-5-mini]\ninput=1\ncached=0.5\noutput=3.0\n"
    )
    prices = read_prices(str(file))
    assert prices.cost_usd("llama-9", Usage(1000, 0, 1000)) == 0
    assert prices.cost_usd("gpt-5-mini", Usage(1_000_000, 0, 1_000_000)) == 4.0
    assert prices["gpt-5"] == PRICES["gpt-5"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"[gpt-9", "not TOML"),
        (b"\xff", "not UTF-8"),
        (b"[gpt-9]\ninput = 1.0\ncached = 0.1\n", "output"),
        (b"[gpt-9]\ninput = -1.0\ncached = 0.1\noutput = 2.0\n", "input"),
        (b"[gpt-9]\ninput = nan\ncached = 0.1\noutput = 2.0\n", "input"),
        (b"[gpt-9]\ninput = inf\ncached = 0.1\noutput = 2.0\n", "input"),
        (b'[gpt-9]\ninput = "1"\ncached = 0.1\noutput = 2.0\n', "input"),
        (b"[gpt-9]\ninput = 1.0\ncached = 0.1\noutput = 2.0\nwrites = 1.0\n", "writes"),
        (b"gpt-9 = 3\n", "object"),
        (b"#" * 300_000, "longer"),
    ],
    ids=str,
)
def test_a_wrong_file_is_one_line_that_says_so(tmp_path: Path, text: bytes, says: str) -> None:
    """A file that cannot be used names its setting and the fault, on one line."""
    file = tmp_path / "prices.toml"
    file.write_bytes(text)
    with pytest.raises(SettingsError, match=r"^LLM_PRICES_FILE") as raised:
        read_prices(str(file))
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_says_so() -> None:
    """A path that names nothing stops the start."""
    with pytest.raises(SettingsError, match="LLM_PRICES_FILE cannot be read"):
        read_prices("/nowhere/prices.toml")


def test_a_budget_needs_a_known_price() -> None:
    """A hard budget with a model of unknown price cannot be kept; without a budget the price does not matter."""
    expect_price("llama-9", None, PRICES)
    expect_price("gpt-5-mini", 2.0, PRICES)
    with pytest.raises(SettingsError, match="ORDER_BUDGET_USD cannot be kept: the price of llama-9 is unknown"):
        expect_price("llama-9", 2.0, PRICES)
