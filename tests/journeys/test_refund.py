"""An order that cannot be made: its operator refunds it, and its customer hears of it."""

from typing import Any

from tests.pressroom import Pressroom


def test_a_dead_order_is_refunded_by_its_operator(pressroom: Pressroom) -> None:
    """A dry run asks Stripe for the amount and changes nothing; the refund is made once, told and on record."""
    session = pressroom.checkout({"product": "life_clarity", "name": "Grace", "question": "What next?"})
    pressroom.stack.llm.add_faults({"status": 400, "section": "what_pulls_you", "order": session})
    pressroom.stack.stripe.pay(session, pressroom.email)
    pressroom.until("death", lambda: pressroom.db.dead_letters.find_one({"order": session}))
    said = pressroom.cli("orders", "refund", session, "--reason", "it is dead", "--dry-run")
    assert said == f"{session} would be refunded: 19.00 USD\n"
    assert pressroom.order(session)["state"] == "needs_attention"
    pressroom.cli("orders", "refund", session, "--reason", "it is dead")
    pressroom.until("the letter", lambda: len(pressroom.letters(session)) == 1)
    assert pressroom.letters(session)[0].headers["X-Pressroom-Mail"] == "refund"
    shown = pressroom.until("the end", lambda: told(pressroom, session))
    assert (shown["state"], shown["amount_refunded"], shown["mails"][0]["state"]) == ("refunded", 1900, "sent")
    assert "chosen already" in pressroom.cli("orders", "refund", session, "--reason", "again", code=1)
    (action,) = pressroom.db.audit.find({"order": session})
    assert (action["action"], action["reason"]) == ("refunded", "it is dead")


def told(pressroom: Pressroom, order: str) -> Any:
    """Return the order as shown once nobody is needed for it any more."""
    shown = pressroom.order(order)
    return shown if shown["attention"] is None else None
