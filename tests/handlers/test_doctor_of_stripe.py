"""`pressroom doctor` on Stripe: the key, the endpoint, and whether its events come in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from actors.intake.events import EVENTS
from infra.stripe.version import API_VERSION
from tests.handlers.doctor import examine
from tests.infra.local.stripe_client import connect
from tests.ports import free_ports
from tests.pressroom import Pressroom

OTHER_SECRET = "whsec_anothers"


@pytest.fixture(autouse=True)
def account(front_door: Pressroom) -> Iterator[None]:
    """Leave the account as it was."""
    yield
    front_door.stack.stripe.set_endpoints({})
    front_door.stack.stripe.deny()
    front_door.stack.stripe.clear_faults()


@pytest.mark.parametrize(
    ("endpoints", "words"),
    [
        ([], "no endpoint http://127.0.0.1"),
        ([{"url": "https://old.example/webhooks/stripe"}], "but https://old.example/webhooks/stripe: add it"),
        ([{"status": "disabled"}], "enable it at Stripe"),
        ([{"livemode": True}], "not of test mode"),
        ([{"enabled_events": sorted(EVENTS - {"refund.failed"})}], "does not send refund.failed: select"),
        ([{}, {}], "2 enabled endpoints have this address"),
    ],
    ids=["none", "elsewhere", "disabled", "live", "silent", "twins"],
)
def test_an_endpoint_that_brings_no_orders_is_told(
    front_door: Pressroom, endpoints: list[dict[str, Any]], words: str
) -> None:
    """The line says what Stripe has, and what is to be done there."""
    front_door.stack.stripe.set_endpoints(*endpoints)
    assert words in examine(front_door, "stripe").trouble("stripe endpoint")


@pytest.mark.parametrize(
    ("version", "words"), [(API_VERSION, "needed; "), (None, "in the version of the account, at a call")]
)
def test_an_endpoint_for_what_is_needed_is_found_among_many(
    front_door: Pressroom, version: str | None, words: str
) -> None:
    """It may be on a later page, and of another version, which is told and does no harm."""
    ours = {"enabled_events": sorted(EVENTS), "api_version": version}
    front_door.stack.stripe.set_endpoints(ours, *({"url": f"https://{nth}.example"} for nth in range(100)))
    found = examine(front_door, "stripe")["stripe endpoint"]
    assert found.well
    assert words in found.text


def test_the_permissions_that_a_key_lacks_are_named(front_door: Pressroom) -> None:
    """All of them are, in Stripe's words, and trying them makes nothing."""
    of_the_key = ["rak_charge_read", "rak_charge_write", "rak_checkout_session_read", "rak_checkout_session_write"]
    client = connect(front_door.stack)
    before = client.v1.checkout.sessions.list({"limit": 1}), client.v1.refunds.list({"limit": 1})
    assert examine(front_door, "stripe")["stripe key"].well
    assert (client.v1.checkout.sessions.list({"limit": 1}), client.v1.refunds.list({"limit": 1})) == before
    front_door.stack.stripe.deny(*of_the_key, "rak_event_read", "rak_webhook_read")
    found = examine(front_door, "stripe")
    assert found.trouble("stripe key").startswith(
        f"STRIPE_API_KEY lacks {', '.join(of_the_key)}, rak_event_read: "
    )
    assert "rak_webhook_read" in found.trouble("stripe endpoint")


def test_a_key_that_stripe_does_not_know_is_told(front_door: Pressroom) -> None:
    """A revoked key is no missing permission; a Stripe that is away is neither."""
    assert "expired or revoked" in examine(front_door, "stripe", STRIPE_API_KEY="sk_test_old").trouble(
        "stripe key"
    )
    front_door.stack.stripe.add_fault(kind="reset")
    found = examine(front_door, "stripe")
    assert "not reached" in found.trouble("stripe key")
    assert "not reached" in found.trouble("stripe endpoint")


def test_an_event_goes_through_the_public_address_and_is_gone(front_door: Pressroom) -> None:
    """It comes into the database, and leaves nothing behind: no event, no order, no alert."""
    names = ("events", "orders", "reports", "payments", "alerts", "dead_letters")
    before = [front_door.db[name].count_documents({}) for name in names]
    found = examine(front_door, "webhook")
    assert found["webhook"].text == "takes signed events into our database"
    assert [front_door.db[name].count_documents({}) for name in names] == before
    assert "pressroom.doctor" in front_door.part("web").output()


def test_a_secret_that_web_does_not_have_is_told(front_door: Pressroom) -> None:
    """Each of those that are valid while they rotate is tried."""
    for secrets in (OTHER_SECRET, f"{front_door.stack.env['STRIPE_WEBHOOK_SECRET']},{OTHER_SECRET}"):
        found = examine(front_door, "webhook", STRIPE_WEBHOOK_SECRET=secrets)
        assert "400 (No signature matches.): web needs the STRIPE_WEBHOOK_SECRET" in found.trouble("webhook")


def test_an_address_that_leads_elsewhere_is_told(front_door: Pressroom) -> None:
    """Nobody may listen there, or an installation that has another database."""
    (port,) = free_ports(1)
    assert "is not reached" in examine(front_door, "webhook", PUBLIC_URL=f"http://127.0.0.1:{port}").trouble(
        "webhook"
    )
    elsewhere = front_door.env["MONGODB_URL"].replace("/test_", "/other_")
    assert "another installation" in examine(front_door, "webhook", MONGODB_URL=elsewhere).trouble("webhook")


def test_an_endpoint_that_is_not_webs_own_is_named(front_door: Pressroom) -> None:
    """Where the webhook runs alone, its address is an option."""
    url = f"{front_door.stack.urls.web}/webhooks/stripe"
    found = examine(front_door, "stripe", "webhook", "--webhook", url, PUBLIC_URL="https://shop.example")
    assert found["webhook"].well
    assert found["stripe endpoint"].well


def test_stripe_sends_an_event_on_request(front_door: Pressroom) -> None:
    """It is about a session that is for nothing of ours, and becomes no order."""
    orders = front_door.db.orders.count_documents({})
    assert examine(front_door, "stripe", "--event")["stripe event"].text == "came, signed with a secret of ours"
    (event,) = front_door.db.events.find({"type": "checkout.session.expired"})
    assert json.loads(event["raw"])["data"]["object"]["metadata"] == {}
    assert (event["state"], front_door.db.orders.count_documents({})) == ("ignored", orders)


def test_a_secret_that_is_not_the_endpoints_is_found(front_door: Pressroom) -> None:
    """All else may be well: only what Stripe itself has signed shows it."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    facts = {"STRIPE_WEBHOOK_SECRET": OTHER_SECRET, "PUBLIC_URL": url}
    web = front_door.start("web", "--port", str(port), wait=True, **facts)
    front_door.stack.stripe.set_endpoints({"url": f"{url}/webhooks/stripe"})
    found = examine(front_door, "stripe", "webhook", "--event", **facts)
    web.terminate()
    assert (found["webhook"].well, found["stripe endpoint"].well) == (True, True)
    assert "a 400 there means that STRIPE_WEBHOOK_SECRET is not the endpoint's" in found.trouble("stripe event")
