"""Stories of purchases, in Stripe's words, and the state in which each must end."""

import json
import uuid
from typing import Any, NamedTuple

from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from tests.actors.builders import event

#: Stripe's word about one purchase: the event's type, the object's fields, and the time (seconds).
Word = tuple[str, dict[str, Any], int]

COMPLETED: Word = ("checkout.session.completed", {"payment_status": "unpaid"}, 1)
PAID: Word = ("checkout.session.async_payment_succeeded", {"payment_status": "paid"}, 2)
FAILED: Word = ("checkout.session.async_payment_failed", {"payment_status": "unpaid"}, 2)
EXPIRED: Word = ("checkout.session.expired", {"payment_status": "unpaid"}, 2)
PART: Word = ("charge.refunded", {"amount": 1900, "amount_refunded": 500, "refunded": False}, 3)
WHOLE: Word = ("charge.refunded", {"amount": 1900, "amount_refunded": 1900, "refunded": True}, 4)
BOUNCED: Word = ("refund.failed", {"id": "re_1", "amount": 1400, "status": "failed"}, 5)
DISPUTED: Word = ("charge.dispute.created", {"id": "dp_1", "status": "needs_response"}, 3)
WON: Word = ("charge.dispute.closed", {"id": "dp_1", "status": "won"}, 6)
#: Stripe gives the money back so that no dispute is filed (Visa's rapid resolution).
PREVENTED: Word = ("charge.dispute.closed", {"id": "dp_1", "status": "prevented"}, 6)
LOST: Word = ("charge.dispute.closed", {"id": "dp_1", "status": "lost"}, 6)
WORDS = (COMPLETED, PAID, FAILED, EXPIRED, PART, WHOLE, BOUNCED, DISPUTED, WON, PREVENTED, LOST)

#: Stories of one purchase, and the end of each: state, amount refunded, on hold, reports.
STORIES: dict[str, tuple[tuple[Word, ...], tuple[str, int, bool, int]]] = {
    "unpaid": ((COMPLETED,), ("awaiting_payment", 0, False, 0)),
    "paid late": ((COMPLETED, PAID), ("paid", 0, False, 1)),
    "never paid": ((COMPLETED, FAILED), ("cancelled", 0, False, 0)),
    "expired": ((EXPIRED,), ("cancelled", 0, False, 0)),
    "paid, whatever else is said": ((COMPLETED, PAID, FAILED, EXPIRED), ("paid", 0, False, 1)),
    "refunded in part": ((COMPLETED, PAID, PART), ("paid", 500, False, 1)),
    "refunded": ((COMPLETED, PAID, PART, WHOLE), ("refunded", 1900, False, 0)),
    "refund bounced": ((COMPLETED, PAID, PART, WHOLE, BOUNCED), ("needs_attention", 500, False, 1)),
    "disputed": ((COMPLETED, PAID, DISPUTED), ("paid", 0, True, 1)),
    "dispute won": ((COMPLETED, PAID, DISPUTED, WON), ("paid", 0, False, 1)),
    "dispute lost": ((COMPLETED, PAID, DISPUTED, LOST), ("needs_attention", 0, True, 1)),
    "dispute prevented": ((COMPLETED, PAID, DISPUTED, PREVENTED), ("needs_attention", 0, True, 1)),
    "prevented and refunded": ((COMPLETED, PAID, WHOLE, DISPUTED, PREVENTED), ("refunded", 1900, True, 0)),
    "everything": ((COMPLETED, PAID, PART, WHOLE, DISPUTED, WON), ("refunded", 1900, False, 0)),
}


class Purchase(NamedTuple):
    """Purchase to which the words of a story are said."""

    key: str

    @property
    def session(self) -> str:
        """The id of its session, which is its order's."""
        return f"cs_{self.key}"

    def said(self, word: Word) -> Event:
        """Return a fresh event that says that word of this purchase."""
        kind, facts, at = word
        body = json.loads(event(self.session))
        body |= {"id": f"evt_{uuid.uuid4().hex}", "type": kind, "created": 1_700_000_000 + at}
        if kind.startswith("checkout.session."):
            body["data"]["object"] |= {"payment_intent": f"pi_{self.key}", **facts}
        else:
            body["data"]["object"] = {"id": f"ch_{self.key}", "payment_intent": f"pi_{self.key}", **facts}
        return Event(body["id"], kind, json.dumps(body).encode())


def purchase() -> Purchase:
    """Return a purchase of its own."""
    return Purchase(uuid.uuid4().hex)


async def say(deps: Deps, bought: Purchase, *words: Word) -> None:
    """Let Stripe say those words of a purchase."""
    for word in words:
        await finish_events(deps, await apply_events(deps, [bought.said(word)]))
