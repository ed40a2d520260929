"""Gifts: what the shop's form asks about one, and the moment from which its mail may be sent."""

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

from actors.products.answer_types import Date, Email, LongText, Text, Words
from actors.products.questions import Question, by_id
from storage.records.orders import Gift

#: The hour at which a gift's day begins for its mail: after the night where it is sold, and where the shop has
#: UTC, on that same day from Los Angeles to Auckland.
_HOUR = 8
_ADDRESS = "gift_address"


@cache
def gift_questions(zone: str) -> Mapping[str, Question]:
    """Return by their ids the questions about a gift, in a shop of that time zone."""
    clocks = zone.replace("_", " ")
    address: Words = {"en": "Mail address of the recipient", "de": "E-Mail-Adresse der beschenkten Person"}
    only: Words = {
        "en": "Only the report goes there: the order, with all other mail, stays yours.",
        "de": "Dorthin geht nur der Bericht: Die Bestellung, mit aller anderen Post, bleibt Ihre.",
    }
    day: Words = {"en": "The day on which it arrives", "de": "Der Tag, an dem er ankommt"}
    when: Words = {
        "en": f"At eight in the morning by the clocks of {clocks}. Without a day, as soon as it is ready.",
        "de": f"Um acht Uhr morgens nach den Uhren von {clocks}. Ohne einen Tag: sobald er fertig ist.",
    }
    giver: Words = {"en": "From whom, as the mail says it", "de": "Von wem, so wie es in der E-Mail steht"}
    message: Words = {"en": "A message in that mail", "de": "Eine Nachricht in dieser E-Mail"}
    return by_id(
        (
            Question(_ADDRESS, address, "grace@customer.example", Email(), help=only),
            Question("gift_day", day, "", Date(is_near=True), help=when),
            Question("gift_giver", giver, "", Text(longest=80)),
            Question("gift_message", message, "", LongText(longest=500)),
        )
    )


def needed_of_gift(given: Mapping[str, str]) -> list[str]:
    """Return the questions about a gift that a form must answer: the address, if it answers any."""
    return [_ADDRESS] if any(name.startswith("gift_") and text.strip() for name, text in given.items()) else []


def gift_of(answers: Mapping[str, str], zone: str, now: datetime) -> Gift | None:
    """Return the gift that the answers to these questions make of an order. None without an address."""
    if _ADDRESS not in answers:
        return None
    day = answers.get("gift_day")
    at = datetime.combine(date.fromisoformat(day), time(_HOUR), ZoneInfo(zone)) if day else now
    return {
        "email": answers[_ADDRESS],
        "giver": " ".join(answers.get("gift_giver", "").split()),
        "message": answers.get("gift_message", ""),
        "at": at.astimezone(now.tzinfo),
    }
