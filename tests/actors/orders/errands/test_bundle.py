"""A bundle's reports end in one letter, whichever is finished last."""

import asyncio

import pytest

from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.products.catalogue import OFFERS
from storage.endings import add_stored
from storage.reports import report_id, store_report
from tests.actors.builders import ORDER, place, present, working
from tests.actors.post import Mailer
from tests.builders import a_pdf

pytestmark = pytest.mark.anyio

BUNDLE = OFFERS["bundle"]
ANSWERS = {"name": "Ada", "question": "Whither?", "birth_date": "1988-04-17", "birth_place": "London"}


async def test_three_reports_that_are_finished_at_once_are_one_letter(deps: Deps) -> None:
    """All of them complete the order in the same moment, on eight machines: one letter has the three links."""
    order = await place(deps, metadata={"product": "bundle", **ANSWERS}, amount_subtotal=BUNDLE.price)
    assert order["missing"] == []
    mailer, now = Mailer(), deps.clock.now()
    worker = working(deps, mailer)

    async def finish(product: str) -> None:
        await store_report(deps.db, report_id(ORDER, product), 1, a_pdf(), now)
        if await add_stored(deps.db, ORDER, product, 1, now):
            await run_errand(worker, "complete_order", ORDER)

    await asyncio.gather(*(finish(product) for product in BUNDLE.reports for _ in range(8)))
    (letter,) = mailer.letters
    links = [line.rpartition("/")[2] for line in letter.text.splitlines() if line.endswith(".pdf")]
    assert links == ["life_clarity.pdf", "personal_blueprint.pdf", "personal_horoscope.pdf"]
    assert (await present(deps))["delivered_at"] == now
