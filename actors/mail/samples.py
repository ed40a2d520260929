"""Samples of every letter: to customers with names of three scripts or in another language, from two brands."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from actors.mail.alert import alert_letter
from actors.mail.brand import colours_of
from actors.mail.ending import failure, refund, withdrawal
from actors.mail.progress import confirmation, delay, details
from actors.mail.reports import completion, correction, resend
from actors.products.catalogue import OFFERS
from infra.mail.letter import Letter
from infra.settings import Settings, read_settings
from infra.speech.say import ENGLISH, LANGUAGES
from infra.tenants import MAIN, Colours, Tenant, Tenants
from storage.orders import new_order
from storage.records.mail import Alert
from storage.records.orders import Gift, Order, Purchase
from storage.records.work import Report
from storage.reports import new_report

#: By what they are samples of: a name, and the language of the order.
_CUSTOMERS = {
    "latin": ("Ada Byron", "en"),
    "arabic": ("أحمد بن عبد الرحمن", "en"),
    "cjk": ("山田 太郎", "en"),
    **{language: ("Käthe Müller", language) for language in LANGUAGES if language != ENGLISH},
}
_BRANDS = Tenants(
    {
        "aurora": Tenant(
            id="aurora",
            name="Aurora Letters",
            sender="letters@aurora.example",
            colours=Colours(accent="#e3b23c", tint="#fbf5e6"),
        )
    }
)
#: Letters do not show the values of these settings, only that they are set.
_UNSEEN = dict.fromkeys(
    ("OPENAI_API_KEY", "OPENAI_MODEL", "S3_BUCKET", "SECRET_KEY"),
    "sample-of-letters",
) | {
    "STRIPE_API_KEY": "sk_test_sample",
    "STRIPE_WEBHOOK_SECRET": "whsec_sample",
    "STRIPE_LIVEMODE": "false",
    "LLM_REQUESTS_PER_MINUTE": "1",
    "LLM_TOKENS_PER_MINUTE": "1",
}
_SEEN = {
    "MONGODB_URL": "mongodb://sample.example",
    "REDIS_URL": "redis://sample.example",
    "MAIL_URL": "smtp://sample.example",
    "MAIL_FROM": "Pressroom <reports@pressroom.example>",
    "ALERT_MAIL": "operator@pressroom.example",
    "PUBLIC_URL": "https://pressroom.example",
}
_NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_ORDER_ID = "cs_live_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7"


class SampleInstallation(NamedTuple):
    """Installation that sends the samples."""

    settings: Settings
    tenants: Tenants


def sample_installation() -> SampleInstallation:
    """Return an installation of two brands."""
    return SampleInstallation(read_settings(_UNSEEN | _SEEN), _BRANDS)


def sample_letters() -> Iterator[tuple[str, Letter]]:
    """Return every kind of letter, each with a name of its own such as `aurora-completion-arabic`."""
    installation = sample_installation()
    for brand in _BRANDS.values():
        for shown, (name, language) in _CUSTOMERS.items():
            for kind, letter in _to_customer(installation, _order(brand, name, language)).items():
                yield f"{brand.id}-{kind}-{shown}", letter
    yield f"{MAIN}-alert", alert_letter(installation, _ALERT, installation.settings.alert_mail)


def _to_customer(installation: SampleInstallation, order: Order) -> dict[str, Letter]:
    reports = [_report(order, product) for product in order["products"]]
    single: Order = {**order, "product": order["products"][0], "products": order["products"][:1]}
    gift: Order = {**single, "gift": _GIFT}
    return {
        "confirmation": confirmation(installation, order, 900, _NOW),
        "completion": completion(installation, order, reports, _NOW),
        "completion_single": completion(installation, single, reports, _NOW),
        "gift": completion(installation, gift, reports, _NOW),
        "gift_confirmation": confirmation(installation, gift, 900, _NOW),
        "correction": correction(installation, single, reports, _NOW),
        "resend": resend(installation, single, reports, _NOW),
        "delay": delay(installation, order, _NOW),
        "failure": failure(installation, order, _NOW),
        "refund": refund(installation, order, _NOW),
        "withdrawal": withdrawal(installation, {**order, "letter": "refund"}, _NOW, _NOW),
        "details": details(installation, order, _NOW),
    }


def _order(brand: Tenant, name: str, language: str) -> Order:
    purchase: Purchase = {
        "tenant": brand.id,
        "colours": colours_of(brand),
        "product": "bundle",
        "products": list(OFFERS["bundle"].reports),
        "run": dict.fromkeys(OFFERS["bundle"].reports, 1),
        "answers": {"name": name},
        "missing": ["birth_date", "birth_place"],
        "objection": None,
    }
    order = new_order(_ORDER_ID, "sample-token", purchase, _NOW)
    order |= {
        "locale": language,
        "email": "customer@customer.example",
        "currency": "usd",
        "amount_refunded": OFFERS["bundle"].price,
    }
    order["resends"] = {"count": 1, "times": [_NOW]}
    order["corrections"] = [
        {"at": _NOW, "who": "olga", "before": {}, "after": {"name": name}, "delivered_at": _NOW}
    ]
    return order


def _report(order: Order, product: str) -> Report:
    report = new_report(order, product, "sample", _NOW)
    report["pdf"] = {"key": "", "object": "", "sha256": "", "pages": 337, "bytes": 1_900_000}
    return report


_GIFT: Gift = {
    "email": "reader@customer.example",
    "giver": "Grace Hopper",
    "message": "For your birthday.\nRead it slowly, and tell me what it says!",
    "at": _NOW,
}

_ALERT: Alert = {
    "_id": "sample",
    "kind": "needs_attention",
    "order": _ORDER_ID,
    "event": None,
    "text": "The completion mail was refused: 550.",
    "at": _NOW,
    "seen": [""],
    "state": "new",
    "told": [],
    "due_at": _NOW,
}
