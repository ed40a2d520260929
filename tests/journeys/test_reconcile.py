"""Reconciliation: what Stripe has and the webhook never took is placed, once."""

from collections.abc import Iterator

import pytest

from tests.pressroom import Pressroom

FORM = {"name": "Grace", "question": "What next?"}


@pytest.fixture
def unheard(pressroom: Pressroom) -> Iterator[Pressroom]:
    """A Pressroom that hears nothing from Stripe of itself."""
    pressroom.stack.stripe.hold_deliveries()
    yield pressroom
    pressroom.stack.stripe.clear_faults()
    pressroom.stack.stripe.resume_deliveries()


def paid(pressroom: Pressroom) -> str:
    """Buy through the shop and pay at the till; return the session."""
    session = pressroom.checkout({"product": "life_clarity", **FORM})
    pressroom.stack.stripe.pay(session, pressroom.email)
    return session


def found(pressroom: Pressroom, *args: str) -> list[tuple[str, str]]:
    """Return what a reconciliation finds about this test's sessions: what, and the session."""
    rows = pressroom.json("reconcile", "--since", "1h", *args)
    return sorted((row["what"], row["about"]) for row in rows)


def test_a_paid_session_that_no_event_told_of_is_placed_once(unheard: Pressroom) -> None:
    """A dry run says what is missing and changes nothing; the run places it; the next one finds nothing."""
    session = paid(unheard)
    assert ("event", session) in found(unheard, "--dry-run")
    assert unheard.db.orders.count_documents({"_id": session}) == 0
    assert ("event", session) in found(unheard)
    assert found(unheard) == []
    unheard.until_delivered(session)
    assert len(unheard.letters(session)) == 1


def test_a_paid_session_whose_event_is_gone_is_placed(unheard: Pressroom) -> None:
    """Sessions are asked for too, since an event may have been taken and lost with a database."""
    session = paid(unheard)
    (event,) = unheard.stack.stripe.undelivered()[-1:]
    unheard.db.events.insert_one({"_id": event, "state": "ignored"})
    assert ("session", session) in found(unheard)
    unheard.until_delivered(session)


def test_a_refund_that_the_webhook_missed_stops_its_order(unheard: Pressroom) -> None:
    """Undelivered events of every kind that means something here are applied, not orders alone."""
    session = paid(unheard)
    found(unheard)
    unheard.until_delivered(session)
    unheard.refund(session)
    found(unheard)
    assert unheard.order(session)["state"] == "refunded"


def test_a_stripe_that_does_not_answer_is_one_clear_line(unheard: Pressroom) -> None:
    """Nothing is placed, the command says why and fails."""
    unheard.stack.stripe.add_fault(kind="reset", path="/v1/", times=None)
    assert unheard.cli("reconcile", code=1).splitlines()[-1].startswith("pressroom: Stripe was not reached")


@pytest.mark.parametrize("since", ["", "3", "tomorrow", "60d", "2999-01-01"])
def test_a_span_that_is_none_is_refused(unheard: Pressroom, since: str) -> None:
    """What --since cannot mean is wrong usage: exit 2, and what it may be."""
    assert "say how long ago" in unheard.cli("reconcile", "--since", since, code=2)
