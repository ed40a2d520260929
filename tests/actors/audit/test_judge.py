"""The judgement on one order's evidence: what is well, what has time, and what breaks which promise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from actors.audit.evidence import Evidence, Refunded
from actors.audit.judge import judge
from storage.objects import book_key, pdf_key
from storage.records.mail import Alert, Delivery
from storage.records.work import LedgerEntry
from tests.builders import NOW, a_pdf, a_report, a_step, an_order

ORDER, PRODUCT = "cs_1", "life_clarity"
PAID_AT = NOW - timedelta(hours=1)
PDF = a_pdf(key=pdf_key(ORDER, PRODUCT), object=book_key(ORDER, PRODUCT, "x"))
WRITE = f"{ORDER}:{PRODUCT}:write-opening"


def an_entry(epoch: int = 2, **facts: Any) -> LedgerEntry:
    """Return a settled purchase of the order's section under that epoch."""
    at = PAID_AT + timedelta(seconds=epoch)
    usual = {"_id": f"{WRITE}:{epoch}", "step": WRITE, "run": 1, "state": "settled", "outcome": "written"}
    return cast("LedgerEntry", {**usual, "cost_usd": 0.1, "opened_at": at, "settled_at": at, **facts})


def a_letter(kind: str = "completion", **facts: Any) -> Delivery:
    """Return a letter that was accepted once."""
    usual = {"_id": f"{ORDER}:{kind}", "kind": kind, "state": "sent", "accepted": [{"at": NOW, "answer": "250"}]}
    return cast("Delivery", {**usual, **facts})


def an_alert(**facts: Any) -> Alert:
    """Return an alert that was told."""
    return cast("Alert", {"kind": "overdue", "state": "told", "at": PAID_AT, "heard": ["x"], **facts})


def changed(found: Evidence, **facts: Any) -> Evidence:
    """Return the evidence with those facts of the order."""
    return replace(found, order=cast("Any", {**found.order, **facts}))


BOUND = a_step("assemble", state="done", result={"sha256": "x"})
DELIVERED = Evidence(
    an_order(
        ORDER,
        paid_at=PAID_AT,
        email="ada@customer.example",
        stored=[PRODUCT],
        stored_at=NOW,
        letter="completion",
        delivered_at=NOW,
    ),
    reports=[a_report(ORDER, state="stored", plan="p", pdf=PDF)],
    steps=[a_step(state="done", epoch=2, result={"cost_usd": 0.1}), BOUND],
    purchases=[an_entry()],
    deliveries=[a_letter()],
)
GENERATING = replace(
    changed(DELIVERED, stored=[], stored_at=None, letter=None, delivered_at=None, paid_at=NOW),
    reports=[a_report(ORDER, state="running", plan="p")],
    steps=[a_step(state="claimed", epoch=1)],
    purchases=[],
    deliveries=[],
)
REFUNDED = replace(
    changed(GENERATING, letter="refund", stopped=True),
    deliveries=[a_letter("refund")],
    charge=Refunded(1900, 1900),
)
LATE = changed(GENERATING, paid_at=PAID_AT)
DEAD = replace(GENERATING, steps=[a_step(state="dead", done_at=PAID_AT)])
CORRECTED = changed(
    DELIVERED, corrections=[{"at": PAID_AT, "who": "olaf", "before": {}, "after": {}, "delivered_at": PAID_AT}]
)
ASKED = changed(GENERATING, attention="A step is dead.")


@pytest.mark.parametrize(
    "well",
    [
        DELIVERED,
        GENERATING,
        REFUNDED,
        replace(LATE, alerts=[an_alert()]),
        replace(ASKED, alerts=[an_alert()]),
        replace(GENERATING, alerts=[an_alert(state="new", at=NOW)]),
        changed(LATE, missing=["name"], details_by=NOW + timedelta(days=1)),
        changed(GENERATING, paid_at=None),
        changed(DELIVERED, stopped=True),
        replace(CORRECTED, deliveries=[a_letter(), a_letter("correction")]),
        # The letter of a refund is still under way.
        replace(changed(REFUNDED, errands={"refund_order": NOW}), deliveries=[], charge=Refunded(1900, 0)),
        # A zombie's answer came after another had bought one.
        replace(DELIVERED, purchases=[an_entry(1, settled_at=NOW), an_entry()]),
        # The holder died with its answer on record, and the next one found it there.
        replace(DELIVERED, steps=[a_step(state="done", epoch=3, kills=1, result={"cost_usd": 0.1}), BOUND]),
        # All that named the customer is gone.
        replace(changed(DELIVERED, forgotten_at=NOW), reports=[a_report(ORDER, state="stored", plan="p")]),
    ],
)
def test_an_order_that_is_well_or_has_time_is_left_alone(well: Evidence) -> None:
    """Nothing is found of an order that has ended, is within its promise, or is known to an operator."""
    assert judge(well, NOW) == []


@pytest.mark.parametrize(
    ("ill", "kind"),
    [
        (LATE, "silent"),
        (DEAD, "silent"),
        (ASKED, "silent"),
        (changed(LATE, missing=["name"], details_by=PAID_AT), "silent"),
        (replace(DELIVERED, alerts=[cast("Any", {"kind": "k", "state": "new", "at": PAID_AT})]), "untold"),
        (replace(DELIVERED, deliveries=[]), "mail"),
        (CORRECTED, "mail"),
        (replace(DELIVERED, deliveries=[a_letter(accepted=[{}, {}])]), "mail"),
        (changed(DELIVERED, letter="refund"), "ending"),
        (replace(REFUNDED, deliveries=[]), "ending"),
        (replace(REFUNDED, charge=Refunded(1900, 1000)), "ending"),
        (changed(DELIVERED, letter=None), "ending"),
        (replace(DELIVERED, reports=[]), "book"),
        (replace(DELIVERED, reports=[a_report(ORDER, state="stored", plan="p")]), "book"),
        (replace(DELIVERED, reports=[a_report(ORDER, state="stored", plan="p", pdf=a_pdf())]), "book"),
        (replace(DELIVERED, steps=[a_step("assemble", state="done", result={"sha256": "y"})]), "book"),
        (replace(DELIVERED, files={PDF["key"]: "lost"}), "book"),
        (replace(DELIVERED, files={PDF["key"]: "altered"}), "book"),
        (replace(DELIVERED, purchases=[]), "ledger"),
        (replace(DELIVERED, purchases=[an_entry(outcome="refused")]), "ledger"),
        (replace(DELIVERED, purchases=[an_entry(1), an_entry()]), "purchase"),
        (changed(DELIVERED, paid_at=None), "purchase"),
        (replace(DELIVERED, purchases=[an_entry(), an_entry(3, state="open", outcome=None)]), "stale"),
        (replace(DELIVERED, purchases=[an_entry(cost_usd=0.2)]), "stale"),
    ],
)
def test_a_broken_promise_is_found(ill: Evidence, kind: str) -> None:
    """What the evidence shows is named by the promise that it breaks."""
    found = judge(ill, NOW)
    assert {violation.order for violation in found} == {ORDER}
    assert kind in {violation.kind for violation in found}
