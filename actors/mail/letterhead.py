"""Letterhead of every letter: sender, brand and colour, a Message-ID, and three texts of the same facts.

A letter's name is its kind, with a number where an order may have several: `resend-2`. Customers are written to in
their language, operators in English.
"""

import hashlib
import unicodedata
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from actors.mail.brand import Installation, brand_name, language_of, sender_of
from actors.products.catalogue import title_of
from infra.mail.letter import Letter
from infra.settings import Settings
from infra.speech.dates import said_day
from infra.speech.say import ENGLISH, say
from infra.speech.templates import teach
from infra.templates import open_templates
from storage.deliveries import letter_kind
from storage.order_state import gift_day, readers_address
from storage.records.orders import Colours, Order

#: The buttons' colour where a brand has none of its own.
_ACCENT = "#1f4d4a"
#: The part of a name that a greeting has room for. A customer may write two thousand characters.
_MAX_NAME = 80
_RIGHT_TO_LEFT = {"R", "AL"}


def isolated(text: str) -> str:
    """Enclose text that may run from right to left in Unicode's isolates, which keep it apart in plain text."""
    foreign = any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in text)
    return f"\u2068{text}\u2069" if foreign else text


_TEMPLATES = teach(open_templates(Path(__file__).parent / "templates", trim_blocks=True, lstrip_blocks=True))
_TEMPLATES.filters["isolated"] = isolated


def letter_id(settings: Settings, order_id: str, name: str) -> str:
    """Return the Message-ID of a letter: the same for every attempt, and without a colon."""
    local = hashlib.sha256(f"{order_id}/{name}".encode()).hexdigest()[:32]
    return f"<{local}@{parseaddr(settings.mail_from)[1].rpartition('@')[2]}>"


def to_customer(
    installation: Installation, order: Order, name: str, now: datetime, *, to_reader: bool = False, **facts: Any
) -> Letter:
    """Return an order's letter of that name, from the templates of its kind, to its customer or its reader.

    The two differ for a gift: its answers, with the name in them, are about its reader.
    """
    tongue, gift = language_of(installation, order), order.get("gift")
    named = order["answers"].get("name", "") if to_reader or gift is None else gift["giver"]
    recipient = readers_address(order) if to_reader else order["email"]
    known = {
        "tongue": tongue,
        "brand": brand_name(installation, order["tenant"]),
        "name": " ".join(named.split())[:_MAX_NAME],
        "title": title_of(order["product"], say(tongue, "your order")),
        "order": order["_id"],
        "ai_notice": installation.settings.ai_notice,
        "gift": gift,
        "day": said_day(gift_day(order), tongue) if gift else "",
        **_colours(order["colours"]),
        **facts,
    }
    return Letter(
        kind=letter_kind(name),
        order=order["_id"],
        message_id=letter_id(installation.settings, order["_id"], name),
        sender=sender_of(installation, order["tenant"]),
        recipient=recipient or "",  # which the mail server refuses, so that an operator hears of it
        written_at=now,
        **_words(letter_kind(name), known),
    )


def to_operator(
    installation: Installation, recipient: str, key: str, order: str | None, at: datetime, **facts: Any
) -> Letter:
    """Return a letter to one of ALERT_MAIL's addresses, under the installation's own name and colour."""
    known = {
        "tongue": ENGLISH,
        "brand": brand_name(installation),
        "name": "",
        "title": facts["text"],
        "order": order,
        "ai_notice": False,
        **facts,
    }
    return Letter(
        kind="alert",
        order=order or "",
        message_id=letter_id(installation.settings, key, "alert"),
        sender=installation.settings.mail_from,
        recipient=recipient,
        written_at=at,
        **_words("alert", {**known, **_colours(None)}),
    )


def _colours(brand: Colours | None) -> dict[str, str]:
    """Return the buttons' colour, as the order was sold, and the colour of their words, which must stand out."""
    accent = brand["accent"] if brand else _ACCENT
    red, green, blue = (int(accent[at : at + 2], 16) / 255 for at in (1, 3, 5))
    # WCAG 2's relative luminance, with squares in the place of its powers of 2.4. A colour of 0.18 stands out from
    # white as much as from black.
    light = 0.2126 * red**2 + 0.7152 * green**2 + 0.0722 * blue**2
    return {"accent": accent, "on_accent": "#16181d" if light > 0.18 else "#ffffff"}


def _words(kind: str, facts: dict[str, Any]) -> dict[str, str]:
    files = {"subject": "subject.txt", "text": "letter.txt", "html": "letter.html"}
    return {part: _TEMPLATES.get_template(f"{kind}/{file}").render(facts) for part, file in files.items()}
