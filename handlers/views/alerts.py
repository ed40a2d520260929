"""Views of alerts, open and settled."""

from typing import TypedDict

from handlers.views.orders import as_text
from storage.records.mail import Alert, SettledAlert


class AlertView(TypedDict):
    """Alert. `seen` is the number of its troubles, of which `texts` are those that are not over."""

    id: str
    kind: str
    order: str | None
    event: str | None
    texts: list[str]
    seen: int
    at: str | None
    told_at: str | None
    told: list[str]
    snoozed_until: str | None


class SettledView(AlertView):
    """Alert that is open no more, who settled it, and why."""

    settled_at: str | None
    who: str
    why: str


def alert_view(alert: Alert) -> AlertView:
    """Return an alert as it stands."""
    further = [alert.get("texts", {}).get(said) for said in alert["seen"]]
    texts = [alert["text"], *(text for text in further if text and text != alert["text"])]
    return {
        "id": alert["_id"],
        "kind": alert["kind"],
        "order": alert["order"],
        "event": alert["event"],
        "texts": texts,
        "seen": len(alert["seen"]),
        "at": as_text(alert["at"]),
        "told_at": as_text(alert.get("told_at")),
        "told": alert["told"],
        "snoozed_until": as_text(alert.get("snoozed_until")),
    }


def settled_view(alert: SettledAlert) -> SettledView:
    """Return an alert that was settled."""
    settled_at = as_text(alert["settled_at"])
    return {**alert_view(alert), "settled_at": settled_at, "who": alert["who"], "why": alert["why"]}
