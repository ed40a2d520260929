"""The letter to an operator."""

from actors.brand import House
from actors.letters.letterhead import to_operator
from infra.mail.letter import Letter
from storage.database import Document


def alert_letter(house: House, alert: Document) -> Letter:
    """Return the letter that tells an operator of trouble."""
    return to_operator(
        house,
        alert["_id"],
        alert["order"],
        alert["at"],
        about=alert["order"] or alert["event"] or "",
        since=alert["at"].isoformat(timespec="seconds"),
        kind=alert["kind"],
        text=alert["text"],
    )
