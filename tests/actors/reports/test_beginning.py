"""The beginning of a report, beside the events of its order."""

import pytest

from actors.deps.process import Deps
from actors.reports.begin_report import begin_report
from storage.reports import report_id, stop_reports
from tests.actors.builders import BOOK, placed, report_of

pytestmark = pytest.mark.anyio


async def test_an_older_word_that_comes_late_to_a_new_report_stops_nothing(deps: Deps) -> None:
    """A refund came, and failed, before the report was opened; one process told the report of the first alone."""
    order = await placed(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"payment_version": 2, "refund_failed": True}})
    await stop_reports(deps.db, [report_id(order, BOOK)], 1, stopped=True)
    await begin_report(deps, report_id(order, BOOK))
    report = await report_of(deps, order)
    assert (report["state"], report["stopped"]) == ("running", False)
