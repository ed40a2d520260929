"""Computed values: what may be kept, and what a computation is given."""

from datetime import date

import pytest

from actors.products.definition import Found, Occasion
from actors.products.plans import plan_of
from actors.reports.compute_step import ValueIsUnusable, kept
from infra.charts import Mark, Wheel
from tests.products.field_notes.passages import cite, rerank, retrieve
from tests.products.field_notes.product import PRODUCT as FIELD_NOTES


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


def test_a_chart_waits_for_what_it_is_given() -> None:
    """The opener needs the computation, and is drawn from its value; a report begun before it did has no chart."""
    assert plan_of(FIELD_NOTES)["steps"]["render-birds"]["needs"] == ["compute-reranked"]
    opener, day = FIELD_NOTES.chapters[0], date(2026, 3, 1)
    chart = opener.draw(Occasion({}, day, {"reranked": [{"title": "Owl"}]}))
    assert isinstance(chart, Wheel)
    assert chart.marks == (Mark(4.5, "Met: Owl"),)
    assert opener.draw(Occasion({}, day)) is None
