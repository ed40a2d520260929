"""`pressroom doctor --call`: the model is called, and what it takes is told."""

from collections.abc import Iterator

import pytest

from infra.local.llm.exchange import Record
from tests.handlers.doctor import examine
from tests.pressroom import Pressroom


@pytest.fixture(autouse=True)
def provider(front_door: Pressroom) -> Iterator[None]:
    """Leave the provider as it was."""
    yield
    front_door.stack.llm.clear_faults()
    front_door.stack.llm.refuse_parameters()


def calls(door: Pressroom) -> list[Record]:
    """Return the calls of doctors so far."""
    return [one for one in door.stack.llm.requests() if one.order.startswith("doctor")]


def test_a_call_is_made_on_request(front_door: Pressroom) -> None:
    """Only then: it costs money, which is told. It is no order's, so that no ledger has it."""
    before = len(calls(front_door))
    assert "call" not in examine(front_door, "model", "call").rows
    assert len(calls(front_door)) == before
    front_door.stack.llm.refuse_parameters("prompt_cache_key")
    found = examine(front_door, "call", "--call")
    assert found["call"].well
    assert found["call"].text.startswith("answered for 0.0")
    assert found["call"].text.endswith("; the provider knows no prompt_cache_key")
    assert len(calls(front_door)) == before + 1
    assert front_door.db.ledger.count_documents({}) == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 404, "code": "model_not_found"}, "OPENAI_MODEL names a model"),
        ({"status": 429, "code": "insufficient_quota"}, "Top it up"),
        ({"status": 400, "code": "unsupported_value", "param": "reasoning.effort"}, "400 (unsupported_value)"),
    ],
    ids=["model", "money", "effort"],
)
def test_a_call_that_is_refused_is_told(front_door: Pressroom, fault: dict[str, object], words: str) -> None:
    """The line names what the provider does not take."""
    front_door.stack.llm.add_fault(**fault)
    assert words in examine(front_door, "call", "--call").trouble("call")
