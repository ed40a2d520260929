"""The state of an order: derived from its facts, never stored, so that it cannot contradict them."""

from collections.abc import Collection
from typing import Literal

from storage.database import Document

OrderState = Literal[
    "awaiting_payment",
    "awaiting_details",
    "paid",
    "generating",
    "delivering",
    "delivered",
    "needs_attention",
]


def order_state(order: Document, begun: Collection[Document]) -> OrderState:
    """Return the state; `begun` are those of its reports that have a plan."""
    checks: list[tuple[bool, OrderState]] = [
        (order["delivered_at"] is not None, "delivered"),
        (order["attention"] is not None, "needs_attention"),
        (order["paid_at"] is None, "awaiting_payment"),
        (bool(order["missing"]), "awaiting_details"),
        (order["stored_at"] is not None, "delivering"),
        (bool(begun), "generating"),
    ]
    return next((state for holds, state in checks if holds), "paid")


def report_state(report: Document, counts: dict[tuple[str, str, str], int]) -> str:
    """Return the contract's word for a report: waiting, generating, stored or dead."""
    if report["state"] in {"stored", "dead"}:
        return str(report["state"])
    dead = any(n for (owner, _, state), n in counts.items() if owner == report["_id"] and state == "dead")
    if dead:
        return "dead"
    return "generating" if report["plan"] else "waiting"
