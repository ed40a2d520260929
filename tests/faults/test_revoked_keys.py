"""Keys that their owners revoked before the new ones were set, and what had waited for these."""

from infra.local.stack import Stack
from tests.infra.local.stripe_client import connect, open_session
from tests.pressroom import ANSWERS, Pressroom


def test_what_met_a_revoked_key_is_done_with_the_new_one(stack: Stack) -> None:
    """Sections wait for the provider's and chapters for the store's; a refund is an operator's, who replays it."""
    revoked = {"OPENAI_API_KEY": "sk-revoked", "STRIPE_API_KEY": "sk_test_revoked"}
    with Pressroom(stack, AWS_SECRET_ACCESS_KEY="revoked", **revoked) as pressroom:
        pressroom.start_missing()
        kept, given_back = _paid(pressroom), _paid(pressroom)
        _until_told(pressroom, "llm", "OPENAI_API_KEY")
        pressroom.cli("orders", "refund", given_back, "--reason", "she asked for it")
        dead = pressroom.until("a dead letter", lambda: pressroom.db.dead_letters.find_one({"order": given_back}))
        assert dead is not None
        assert "STRIPE_API_KEY" in dead["error"]
        _set_anew(pressroom, *revoked)
        pressroom.cli("dead", "replay", dead["_id"], "--reason", "the key is a new one")
        pressroom.until("a refund", lambda: pressroom.order(given_back)["state"] == "refunded")
        _until_told(pressroom, "s3", "SignatureDoesNotMatch")
        _set_anew(pressroom, "AWS_SECRET_ACCESS_KEY")
        pressroom.until_delivered(kept)
        assert pressroom.book(kept).startswith(b"%PDF")
        sections = [call.section for call in stack.llm.requests(order=kept)]
        assert len(sections) == len({*sections}), "a section was bought again"
        assert pressroom.db.dead_letters.count_documents({"order": kept}) == 0


def _paid(pressroom: Pressroom) -> str:
    """Pay at Stripe, which holds the money then; return the order."""
    metadata = {"product": "life_clarity", **ANSWERS}
    session = open_session(connect(pressroom.stack), metadata=metadata)
    pressroom.stack.stripe.pay(session.id, pressroom.email)
    pressroom.until("an order", lambda: pressroom.db.orders.find_one({"_id": session.id}))
    return session.id


def _until_told(pressroom: Pressroom, event: str, cause: str) -> None:
    """Return once an operator was told what refuses us."""
    told = {"kind": "account", "event": event, "state": "told", "text": {"$regex": cause}}
    pressroom.until(f"an alert about {event}", lambda: pressroom.db.alerts.find_one(told))


def _set_anew(pressroom: Pressroom, *keys: str) -> None:
    """Start all processes anew with the keys that are valid."""
    for key in keys:
        del pressroom.env[key]
    for part in pressroom.parts:
        part.ask_to_stop()
    for part in pressroom.parts:
        part.wait_stopped(30)
    pressroom.start_missing()
