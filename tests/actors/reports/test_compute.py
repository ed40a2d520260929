"""Computed values: what may be kept, and what a computation is given."""

import pytest

from actors.products.definition import Found
from actors.reports.compute_step import ValueIsUnusable, kept
from tests.products.field_notes.passages import cite, rerank, retrieve


def test_a_text_may_be_shown_and_told() -> None:
    """A text is kept as it is; anything else is told as JSON and shown nowhere."""
    assert kept("Sources") == {"value": '"Sources"', "text": "Sources", "summary": "Sources"}
    assert kept([{"a": 1}]) == {"value": '[{"a":1}]', "text": None, "summary": '[{"a":1}]'}


@pytest.mark.parametrize("value", [object(), {"far": "x" * 300_000}])
def test_a_value_that_cannot_be_kept_is_refused(value: object) -> None:
    """What JSON cannot hold, or is too much, is an error of the product's."""
    with pytest.raises(ValueIsUnusable):
        kept(value)


def test_the_example_retrieves_reranks_and_cites() -> None:
    """The rarest shared words come first, and the sources say which of them the section cites."""
    answers = {"question": "Which bird hears a mouse under snow in the winter?"}
    retrieved = retrieve(Found(answers, {}))
    reranked = rerank(Found(answers, {"retrieved": retrieved}))
    assert reranked[0]["title"] == "Owl"
    sources = cite(Found(answers, {"reranked": reranked, "answer": "It listens [1]."}))
    assert sources.splitlines()[0].startswith("1. *Owl*, cited:")
    assert "read:" in sources.splitlines()[1]
