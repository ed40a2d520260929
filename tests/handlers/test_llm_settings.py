"""Settings about the LLM: what stops a start, and what the doctor says of the model."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.local.environment import outer_environment
from tests.commands import Done, run
from tests.pressroom import PRESSROOM, Pressroom

PROCESSES = [("web",), ("sweep",), ("worker", "bundle"), ("worker", "life_clarity")]
FREE = "[llama-9]\ninput = 0.0\ncached = 0.0\noutput = 0.0\n"


def start(door: Pressroom, *args: str, **env: str) -> Done:
    """Run a command with these settings."""
    return run({**outer_environment(), **door.stack.env, **door.env, **env}, PRESSROOM, *args)


def refusal(done: Done) -> str:
    """Return the one line with which a command ended, which must be wrong settings."""
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    return done.err


@pytest.mark.parametrize("command", PROCESSES, ids=" ".join)
def test_a_prices_file_that_cannot_be_used_stops_the_start(
    front_door: Pressroom, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Each process says in one line that the file is wrong, before it takes work."""
    file = tmp_path / "prices.toml"
    file.write_text("[gpt-9]\ninput = 1.0\n")
    assert "LLM_PRICES_FILE" in refusal(start(front_door, *command, LLM_PRICES_FILE=str(file)))


def test_a_budget_without_a_price_stops_who_writes(front_door: Pressroom, tmp_path: Path) -> None:
    """A hard budget that cannot be kept is said at the start, and a price of one's own mends it."""
    wrong = {"OPENAI_MODEL": "llama-9", "ORDER_BUDGET_USD": "5"}
    assert "price of llama-9 is unknown" in refusal(start(front_door, "worker", "life_clarity", **wrong))
    told = start(front_door, "doctor", **wrong)
    assert told.code == 1
    assert "cannot be kept" in told.out
    file = tmp_path / "prices.toml"
    file.write_text(FREE)
    priced = front_door.start(
        "worker", "life_clarity", OPENAI_MODEL="llama-9", ORDER_BUDGET_USD="5", LLM_PRICES_FILE=str(file)
    )
    priced.terminate()
    assert priced.exit_code == 0


@pytest.mark.parametrize("value", ["481", "3600", "0", "inf"])
def test_a_call_must_fit_into_a_step(front_door: Pressroom, value: str) -> None:
    """LLM_TIMEOUT_S has a bound above which a step's limit would cut calls that are paid for."""
    assert "LLM_TIMEOUT_S" in refusal(start(front_door, "worker", "life_clarity", LLM_TIMEOUT_S=value))


def test_the_doctor_knows_how_long_the_model_is_there(front_door: Pressroom) -> None:
    """A model that ends is named with its last day, and is a finding once little time is left."""
    llm, today = front_door.stack.llm, datetime.now(UTC).date()

    def found(**env: str) -> tuple[bool, str]:
        output = start(front_door, "doctor", "model", "--json", **env).out
        (row,) = [one for one in json.loads(output) if one["server"].startswith("model ")]
        return row["well"], row["finding"]

    assert found() == (True, "no end announced, price of 2026-11-21")
    try:
        llm.end_model("gpt-5-mini", f"{today + timedelta(days=40):%Y-%m-%d}")
        assert found() == (True, f"ends on {today + timedelta(days=40):%Y-%m-%d}, price of 2026-11-21")
        llm.end_model("gpt-5-mini", f"{today + timedelta(days=14):%Y-%m-%d}")
        assert found()[0] is False
    finally:
        llm.end_model("gpt-5-mini", None)
    assert found(OPENAI_API_KEY="sk-revoked") == (False, "OPENAI_API_KEY is wrong or revoked")
