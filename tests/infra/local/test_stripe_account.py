"""The Stripe stub's account: its webhook endpoints, and the permissions of its key."""

import json
from collections.abc import Iterator

import pytest
import stripe

from infra.local.stack import Stack
from tests.infra.local.shop import Shop
from tests.infra.local.stripe_client import connect, open_session
from tests.infra.local.waiting import eventually


@pytest.fixture(autouse=True)
def account(stack: Stack) -> Iterator[None]:
    """Leave the account as it was."""
    yield
    stack.stripe.set_endpoints({})
    stack.stripe.deny()


def test_an_endpoint_is_shown_without_its_secret(stack: Stack) -> None:
    """There is one at the start, for all events, where the stack's web process listens."""
    (endpoint,) = connect(stack).v1.webhook_endpoints.list().data
    assert (endpoint.url, endpoint.status) == (f"{stack.urls.web}/webhooks/stripe", "enabled")
    assert (endpoint.enabled_events, endpoint.livemode) == (["*"], False)
    assert "secret" not in endpoint
    assert endpoint.api_version == stripe.api_version
    assert connect(stack).v1.webhook_endpoints.retrieve(endpoint.id).url == endpoint.url


def test_endpoints_come_in_pages(stack: Stack) -> None:
    """The SDK walks through all of them, the newest first."""
    stack.stripe.set_endpoints(*({"url": f"https://{nth}.example"} for nth in range(3)))
    pages = connect(stack).v1.webhook_endpoints.list({"limit": 1}).auto_paging_iter()
    assert [one.url for one in pages] == ["https://2.example", "https://1.example", "https://0.example"]


def test_an_event_goes_to_the_endpoints_that_take_it(stack: Stack, shop: Shop) -> None:
    """A disabled endpoint is sent nothing, another one the types that it names; nothing is pending without one."""
    takes = {"enabled_events": ["checkout.session.expired"]}
    for endpoints, sent in (([{"status": "disabled"}, takes], 1), ([{"enabled_events": ["refund.failed"]}], 0)):
        stack.stripe.set_endpoints(*endpoints)
        session = open_session(connect(stack)).id
        assert connect(stack).v1.checkout.sessions.expire(session).status == "expired"
        for _ in range(sent):
            assert json.loads(shop.next()[0])["data"]["object"]["id"] == session
        eventually(lambda: not stack.stripe.undelivered())
        assert shop.received.empty()


def test_a_permission_is_taken_away(stack: Stack) -> None:
    """The refusal names it in Stripe's words; what is not taken away may be done."""
    stack.stripe.deny("rak_charge_write", "rak_event_read")
    client = connect(stack)
    with pytest.raises(stripe.PermissionError, match="Having the 'rak_charge_write' permission"):
        client.v1.refunds.create({"payment_intent": "pi_1"})
    with pytest.raises(stripe.PermissionError, match="'rak_event_read'"):
        client.v1.events.list()
    assert client.v1.charges.list({"limit": 1}).data is not None
