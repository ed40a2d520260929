"""View of an order's customer: masked, or in clear for who has asked for it."""

from collections.abc import Callable, Mapping
from typing import TypedDict

from actors.deps.process import Deps
from handlers.views.masking import masked, masked_address
from handlers.views.orders import as_text
from infra.links import Links
from storage.records.orders import Correction, Gift, Order

Mask = Callable[[str], str]
#: Says nothing about a person.
_PLAIN = ("language",)


class CorrectionView(TypedDict):
    """Correction of answers."""

    at: str | None
    who: str
    before: dict[str, str]
    after: dict[str, str]


class CustomerView(TypedDict):
    """All that is known of a customer, masked or not."""

    order_id: str
    email: str
    answers: dict[str, str]
    unread: dict[str, str]
    missing: list[str]
    corrections: list[CorrectionView]
    #: The answers of a remake that they ask for.
    requested: dict[str, str]
    #: Address of the recipient, giver and message. None if the order is no gift.
    gift: dict[str, str] | None
    #: The customer's link, which opens their order to whoever has it. None if masked.
    url: str | None


def customer_view(deps: Deps, order: Order, *, clear: bool = False) -> CustomerView:
    """Return what is known of an order's customer, masked unless it is to be in clear."""
    mask: Mask = str if clear else masked
    address: Mask = str if clear else masked_address
    return {
        "order_id": order["_id"],
        "email": address(order["email"]) if order["email"] else "",
        "answers": _answers(order["answers"], mask),
        "unread": _answers(order.get("unread", {}), mask),
        "missing": order["missing"],
        "corrections": [_correction(one, mask) for one in order.get("corrections", [])],
        "requested": _answers(order["request"]["answers"] if "request" in order else {}, mask),
        "gift": _gift(order["gift"], mask, address) if "gift" in order else None,
        "url": Links(deps.settings).order(order["token"]) if clear else None,
    }


def _gift(gift: Gift, mask: Mask, address: Mask) -> dict[str, str]:
    return {"email": address(gift["email"]), "giver": mask(gift["giver"]), "message": mask(gift["message"])}


def _correction(correction: Correction, mask: Mask) -> CorrectionView:
    before, after = (_answers(correction[when], mask) for when in ("before", "after"))
    return {"at": as_text(correction["at"]), "who": correction["who"], "before": before, "after": after}


def _answers(answers: Mapping[str, str], mask: Mask) -> dict[str, str]:
    return {name: value if name in _PLAIN else mask(value) for name, value in answers.items()}
