"""Effort of reasoning: a product's word, part of its plan, and sent only where it was given."""

from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from actors.reports.claim import Claim
from actors.reports.write_section import compose_request
from storage.plans import keep_plan
from tests.actors.builders import BOOK, present, with_sections, working

pytestmark = pytest.mark.anyio

THOUGHTFUL = replace(PRODUCTS[BOOK], effort="high")


def test_a_plan_without_effort_is_as_before() -> None:
    """A product that asks for none keeps its plans' ids; another effort is another plan."""
    assert "effort" not in plan_of(PRODUCTS[BOOK])
    assert plan_of(THOUGHTFUL).get("effort") == "high"
    assert plan_of(THOUGHTFUL)["_id"] != plan_of(PRODUCTS[BOOK])["_id"]


async def test_a_request_asks_for_the_plans_effort(deps: Deps) -> None:
    """The effort with which a report was begun goes with each of its requests, and makes room for the thoughts."""
    await keep_plan(deps.db, plan_of(THOUGHTFUL))
    order, (section, *_) = await with_sections(deps)
    worker, found = working(deps), await present(deps, order)
    plain = await compose_request(worker, Claim(deps.db, section, found))
    asked = await compose_request(worker, Claim(deps.db, {**section, "plan": plan_of(THOUGHTFUL)["_id"]}, found))
    assert (plain.effort, asked.effort) == (None, "high")
    assert asked.max_output_tokens > plain.max_output_tokens
