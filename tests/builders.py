"""Builders of records, each with usual facts for those that a test does not name."""

from datetime import UTC, datetime
from typing import Any, cast

from storage.orders import new_order
from storage.records.orders import Order, Purchase
from storage.records.work import Pdf, Report, Step, WorkerFacts
from storage.reports import new_report

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def an_order(order_id: str = "cs_1", **facts: Any) -> Order:
    """Return an unpaid order of one life_clarity with those facts."""
    purchase: Purchase = {
        "tenant": "main",
        "colours": None,
        "product": "life_clarity",
        "products": ["life_clarity"],
        "run": {"life_clarity": 1},
        "answers": {},
        "missing": [],
        "objection": None,
    }
    return cast("Order", {**new_order(order_id, f"token-{order_id}", purchase, NOW), **facts})


def a_step(key: str = "write-opening", report: str = "cs_1:life_clarity", **facts: Any) -> Step:
    """Return a ready step of that key with those facts."""
    order, _, product = report.partition(":")
    kind = key.partition("-")[0]
    usual = {
        "_id": f"{report}:{key}",
        "order": order,
        "report": report,
        "product": product,
        "tenant": "main",
        "plan": f"{product}-1",
        "format": 2,
        "key": key,
        "kind": kind,
        "slot": "write" if kind == "write" else "render",
        "seq": 0,
        "section": key.partition("-")[2] if kind == "write" else None,
        "needs": [],
        "state": "ready",
        "due_at": NOW,
        "run": 1,
        "epoch": 0,
        "attempts": 0,
        "fails": 0,
        "kills": 0,
        "sends": 0,
        "claim": None,
        "result": None,
    }
    return cast("Step", {**usual, **facts})


def a_report(order: str = "cs_1", product: str = "life_clarity", **facts: Any) -> Report:
    """Return a queued report of that order with those facts."""
    return cast("Report", {**new_report(an_order(order), product, "message", NOW), **facts})


def a_pdf(**facts: Any) -> Pdf:
    """Return the place of a finished book with those facts."""
    return cast("Pdf", {"key": "k", "object": "o", "sha256": "x", "pages": 3, "bytes": 30_000_000, **facts})


def facts_of_worker(**facts: Any) -> WorkerFacts:
    """Return what a worker registers with, with those facts."""
    usual = {"queue": "life_clarity", "threads": 1, "broker_id": "b", "formats": [2], "host": "h", "pid": 1}
    return cast("WorkerFacts", {**usual, "started_at": NOW, **facts})
