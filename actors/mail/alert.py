"""The letter that alerts an operator."""

from actors.mail.brand import Installation
from actors.mail.formatting import told_text
from actors.mail.letterhead import to_operator
from infra.mail.letter import Letter
from storage.records.mail import Alert


def alert_letter(installation: Installation, alert: Alert, recipient: str) -> Letter:
    """Return the letter that tells an operator of trouble. Other trouble has another Message-ID."""
    return to_operator(
        installation,
        recipient,
        " ".join((alert["_id"], str(alert["at"]), *alert["seen"])),
        alert["order"],
        alert["at"],
        about=alert["order"] or alert["event"] or "several",
        since=alert["at"].isoformat(timespec="seconds"),
        kind=alert["kind"],
        text=told_text(alert),
    )
