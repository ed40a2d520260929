"""A long product on its way: its order of writing, its parts, and the whole of it in the book."""

import pytest

from actors.products.catalogue import PRODUCTS
from infra.local.pdf_text import text_of
from tests.benchmarks.plans.timeline import most_at_once
from tests.pressroom import Pressroom

BLUEPRINT = PRODUCTS["personal_blueprint"]
ANSWERS = {"name": "Ada Byron", "birth_date": "1988-04-17"}


@pytest.mark.long
def test_a_blueprint_is_written_in_the_order_of_its_plan(pressroom: Pressroom) -> None:
    """Each of 52 calls is made after those that it follows, knows what they say, and ends under its own title."""
    pressroom.stack.llm.set_brevity(brief=True)
    pressroom.start("worker", BLUEPRINT.name)
    metadata = {"product": BLUEPRINT.name, **ANSWERS}
    order = pressroom.buy(metadata=metadata, amount_subtotal=BLUEPRINT.price)
    (report,) = pressroom.until_delivered(order)["reports"]
    assert (report["sections_done"], report["chunks_done"]) == (52, 20)
    asked = pressroom.stack.llm.requests(order=order)
    calls = {call.section: call for call in asked}
    assert len(asked) == len(calls) == 52
    assert most_at_once(asked) <= BLUEPRINT.pace.max_in_flight
    for section in BLUEPRINT.sections:
        for other in section.after:
            ended = calls[other].finished_at
            assert ended is not None
            assert ended <= calls[section.id].started_at
            assert f"- {titles()[other]}: " in calls[section.id].input
    text, place = text_of(pressroom.book(order, BLUEPRINT.name)), 0
    for section in BLUEPRINT.sections:
        place = text.index(calls[section.id].word, text.index(section.title, place))


def titles() -> dict[str, str]:
    """The title of each section."""
    return {section.id: section.title for section in BLUEPRINT.sections}
