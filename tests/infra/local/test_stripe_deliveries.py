"""What the Stripe stub delivers and when, and the lists by which the rest is found."""

import json
import time

import stripe

from infra.local.stack import Stack
from tests.infra.local.shop import Shop
from tests.infra.local.stripe_client import connect, events_about, open_session, pay_session
from tests.infra.local.waiting import eventually


def arrivals(shop: Shop, count: int) -> list[str]:
    """The ids of the next events to arrive."""
    return [json.loads(shop.next()[0])["id"] for _ in range(count)]


def expire(stack: Stack, count: int) -> list[str]:
    """Expire new sessions. Returns the ids of their events, the oldest first."""
    sessions = [open_session(connect(stack)).id for _ in range(count)]
    for session in sessions:
        stack.stripe.expire_session(session)
    return [event.id for session in sessions for event in events_about(stack, id=session)]


def test_a_held_event_is_made_and_not_delivered(held: Stack, shop: Shop) -> None:
    """It is listed as pending, and stays so when later events are delivered again."""
    client = connect(held)
    (kept,) = expire(held, 1)
    held.stripe.resume_deliveries()
    (sent,) = expire(held, 1)
    assert arrivals(shop, 1) == [sent]
    eventually(lambda: sent not in held.stripe.undelivered())
    assert kept in held.stripe.undelivered()
    assert client.v1.events.retrieve(kept).pending_webhooks == 1
    assert {one.event for one in held.stripe.deliveries()}.isdisjoint({kept})
    assert shop.received.empty()


def test_events_are_delivered_in_a_given_order(held: Stack, shop: Shop) -> None:
    """Reversed, here: a refund arrives before its payment, each signed and accepted."""
    session = open_session(connect(held)).id
    payment_intent = pay_session(held, session)
    connect(held).v1.refunds.create({"payment_intent": payment_intent})
    events = [event.id for event in events_about(held, payment_intent=payment_intent)]
    assert held.stripe.undelivered()[-2:] == events
    held.stripe.deliver_in_order(*reversed(events))
    sent = [stripe.Webhook.construct_event(*shop.next(), held.env["STRIPE_WEBHOOK_SECRET"]) for _ in range(2)]
    assert [event.type for event in sent] == ["charge.refunded", "checkout.session.completed"]
    eventually(lambda: not set(events) & set(held.stripe.undelivered()))


def test_a_refused_event_does_not_keep_back_the_next(held: Stack, shop: Shop) -> None:
    """The order is that of the first attempts; what was refused comes again by itself."""
    shop.answers = [500]
    first, second = expire(held, 2)
    held.stripe.deliver_in_order(second, first)
    assert arrivals(shop, 1) == [second]
    assert set(arrivals(shop, 2)) == {first, second}


def test_a_held_event_can_be_delivered_in_copies(held: Stack, shop: Shop) -> None:
    """Duplicates come of an event that was never delivered, too."""
    (event,) = expire(held, 1)
    held.stripe.deliver_again(event, copies=3)
    assert arrivals(shop, 3) == [event] * 3


def test_events_can_be_of_another_version(held: Stack) -> None:
    """Events made from now on say so; those made before, and those made after it is set back, are as pinned."""
    held.stripe.set_api_version("2020-08-27")
    (other,) = expire(held, 1)
    held.stripe.set_api_version(stripe.api_version)
    (pinned,) = expire(held, 1)
    client = connect(held)
    assert client.v1.events.retrieve(other).api_version == "2020-08-27"
    assert client.v1.events.retrieve(pinned).api_version == "2026-10-28.endive"


def test_undelivered_events_are_found_page_by_page(held: Stack, shop: Shop) -> None:
    """By type and time; an event that is delivered between two pages hides none of those that follow."""
    client, began = connect(held), int(time.time())
    events = expire(held, 3)
    pages = client.v1.events.list(
        {
            "delivery_success": False,
            "types": ["checkout.session.expired", "checkout.session.completed"],
            "created": {"gte": began},
            "limit": 1,
        }
    ).auto_paging_iter()
    found = [next(pages).id]
    held.stripe.deliver_again(events[2])
    eventually(lambda: events[2] not in held.stripe.undelivered())
    assert shop.received.qsize() == 1
    found += [event.id for event in pages]
    assert found[:3] == events[::-1]
    assert client.v1.events.list({"types": ["charge.refunded"], "created": {"gte": began + 3600}}).data == []


def test_sessions_are_found_page_by_page(held: Stack) -> None:
    """The SDK walks through all of a status and a time, the newest first, each once."""
    client, began = connect(held), int(time.time())
    sessions = [open_session(client).id for _ in range(5)]
    pay_session(held, sessions[2])
    complete = client.v1.checkout.sessions.list({"status": "complete", "created": {"gte": began}, "limit": 2})
    assert sessions[2] in [session.id for session in complete.auto_paging_iter()]
    still_open = client.v1.checkout.sessions.list({"status": "open", "created": {"gte": began}, "limit": 2})
    found = [session.id for session in still_open.auto_paging_iter() if session.id in sessions]
    assert found == [sessions[4], sessions[3], sessions[1], sessions[0]]
