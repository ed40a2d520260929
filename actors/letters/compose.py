"""A letter made of its templates: subject, plain text and HTML, all from the same facts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from actors.brand import brand_name, sender_of
from actors.catalogue import OFFERS, PRODUCTS
from actors.deps import Deps
from actors.questions import QUESTIONS
from infra.links import Links
from infra.mail.letter import Letter
from infra.settings import Settings
from storage.database import Document

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Attached:
    """A finished report as a letter names it; `size` is for people."""

    title: str
    url: str
    pages: int
    size: str


def letter_id(settings: Settings, order_id: str, kind: str) -> str:
    """Return the Message-ID of a letter: the same for every attempt, and without a colon."""
    local = hashlib.sha256(f"{order_id}/{kind}".encode()).hexdigest()[:32]
    return f"<{local}@{parseaddr(settings.mail_from)[1].rpartition('@')[2]}>"


def completion(deps: Deps, order: Document, reports: list[Document], now: datetime) -> Letter:
    """Return the letter that brings an order's reports."""
    links = Links(deps.settings)
    by_product = {report["product"]: report for report in reports}
    attached = [
        Attached(
            PRODUCTS[product].title,
            links.report(order["token"], product),
            by_product[product]["pdf"]["pages"],
            readable_size(by_product[product]["pdf"]["bytes"]),
        )
        for product in order["products"]
    ]
    facts = {"title": OFFERS[order["product"]].title, "reports": attached}
    return _to_customer(deps, order, "completion", now, facts)


def details(deps: Deps, order: Document, now: datetime) -> Letter:
    """Return the letter that asks a customer for what is missing."""
    facts = {
        "title": OFFERS[order["product"]].title,
        "wanted": [QUESTIONS[name] for name in order["missing"]],
        "url": Links(deps.settings).details(order["token"]),
    }
    return _to_customer(deps, order, "details", now, facts)


def alert_letter(deps: Deps, alert: Document) -> Letter:
    """Return the letter that tells an operator of trouble."""
    about = alert["order"] or alert["event"] or ""
    facts = {
        "brand": brand_name(deps),
        "title": alert["text"],
        "about": about,
        "since": alert["at"].isoformat(timespec="seconds"),
        **{name: alert[name] for name in ("kind", "order", "text")},
    }
    return Letter(
        kind="alert",
        order=alert["order"] or "",
        message_id=letter_id(deps.settings, alert["_id"], "alert"),
        sender=deps.settings.mail_from,
        recipient=deps.settings.alert_mail,
        written_at=alert["at"],
        **_words("alert", facts),
    )


def readable_size(size: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"


def _to_customer(deps: Deps, order: Document, kind: str, now: datetime, facts: dict[str, Any]) -> Letter:
    known = {
        "brand": brand_name(deps, order["tenant"]),
        "name": order["answers"].get("name", ""),
        "order": order["_id"],
        **facts,
    }
    return Letter(
        kind=kind,
        order=order["_id"],
        message_id=letter_id(deps.settings, order["_id"], kind),
        sender=sender_of(deps, order["tenant"]),
        recipient=order["email"],
        written_at=now,
        **_words(kind, known),
    )


def _words(kind: str, facts: dict[str, Any]) -> dict[str, str]:
    files = {"subject": "subject.txt", "text": "letter.txt", "html": "letter.html"}
    return {part: _TEMPLATES.get_template(f"{kind}/{file}").render(facts) for part, file in files.items()}
