"""The webhook over HTTP: what it answers, and what is in database and broker afterwards."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from stripe import WebhookSignature

from tests.pressroom import Pressroom

COLLECTIONS = ("events", "orders", "reports", "steps")


def counts(door: Pressroom) -> list[int]:
    """Return how many documents there are of each kind."""
    return [door.db[name].count_documents({}) for name in COLLECTIONS]


def post(door: Pressroom, body: bytes, *signatures: str, **headers: str) -> int:
    """Post bytes with those signature headers, and return the answer's status."""
    sent = [("Stripe-Signature", signature) for signature in signatures] + list(headers.items())
    return httpx2.post(
        f"{door.stack.urls.web}/webhooks/stripe", content=body, headers=sent, timeout=10
    ).status_code


def sign(door: Pressroom, body: bytes, at: float | None = None, secret: str | None = None) -> str:
    """Return Stripe's signature of a body."""
    secret = secret or door.stack.env["STRIPE_WEBHOOK_SECRET"]
    header: str = WebhookSignature.generate_signature_header(body.decode(), secret, int(at or time.time()))
    return header


def mac(signature: str) -> str:
    """Return the hexadecimal digits of a signature header."""
    return signature.partition("v1=")[2]


def bad_signatures(door: Pressroom, body: bytes) -> dict[str, list[str]]:
    """Return headers that must not be taken for Stripe's."""
    now, good = int(time.time()), sign(door, body)
    return {
        "none": [],
        "empty": [""],
        "garbage": ["hello"],
        "no time": [f"v1={mac(good)}"],
        "no v1": [f"t={now}"],
        "only v0": [good.replace("v1=", "v0=")],
        "time is no integer": [f"t=now,v1={mac(good)}"],
        "time is 5,000 digits": [f"t={'1' * 5000},v1={mac(good)}"],
        "two times": [f"t={now},{good}"],
        "two headers": [good, good],
        "upper case": [f"t={now},v1={mac(good).upper()}"],
        "a blank": [good.replace(",", ", ")],
        "leading zero": [good.replace("t=", "t=0")],
        "17 signatures": [good + f",v1={mac(good)}" * 16],
        "old": [sign(door, body, at=now - 305)],
        "from the future": [sign(door, body, at=now + 305)],
        "wrong secret": [sign(door, body, secret="whsec_other")],
    }


def test_what_stripe_did_not_sign_leaves_nothing(front_door: Pressroom) -> None:
    """Every wrong signature is answered 400, and nothing is stored."""
    before, body = counts(front_door), json.dumps(front_door.event()).encode()
    for name, signatures in bad_signatures(front_door, body).items():
        assert post(front_door, body, *signatures) == 400, name
    assert counts(front_door) == before


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b"1", b'{"id": 1, "type": "x"}', b'{"id": "evt_1"}', b"{", b"[" * 100_000],
    ids=["empty", "list", "null", "number", "no string", "no type", "half", "deep"],
)
def test_signed_bytes_that_are_no_event_leave_nothing(front_door: Pressroom, body: bytes) -> None:
    """A valid signature does not make an event of something else: 400, nothing stored."""
    before = counts(front_door)
    assert post(front_door, body, sign(front_door, body)) == 400
    assert counts(front_door) == before


def test_a_changed_body_is_refused(front_door: Pressroom) -> None:
    """The bytes are verified, not what they mean: the same JSON written otherwise is answered 400."""
    event = front_door.event()
    signature = sign(front_door, json.dumps(event).encode())
    assert post(front_door, json.dumps(event, indent=1).encode(), signature) == 400


def test_a_body_that_is_too_long_is_not_taken(front_door: Pressroom) -> None:
    """More than 256 KiB are answered 413, whether their length is declared or not."""
    body = b"x" * (256 * 1024 + 1)
    assert post(front_door, body, "t=1,v1=x") == 413

    def chunks() -> Any:
        yield from (body[:200_000], body[200_000:])

    url = f"{front_door.stack.urls.web}/webhooks/stripe"
    assert httpx2.post(url, content=chunks(), timeout=10).status_code == 413


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_only_post_is_taken(front_door: Pressroom, method: str) -> None:
    """Other methods are answered 405, and a trailing slash 404: never a redirect."""
    url = f"{front_door.stack.urls.web}/webhooks/stripe"
    assert httpx2.request(method, url).status_code == 405
    assert httpx2.post(url + "/").status_code == 404


def test_a_paid_session_is_one_order_with_one_report(front_door: Pressroom) -> None:
    """An accepted event is kept as it came, and its order is placed and queued before the answer."""
    event = front_door.event()
    body = json.dumps(event).encode()
    assert post(front_door, body, sign(front_door, body)) == 200
    kept = front_door.db.events.find_one({"_id": event["id"]})
    assert kept is not None
    assert (kept["raw"], kept["state"]) == (body, "applied")
    order = front_door.db.orders.find_one({"_id": event["data"]["object"]["id"]})
    assert order is not None
    report = front_door.db.reports.find_one({"order": order["_id"]})
    assert report is not None
    assert front_door.redis.hexists("dramatiq:life_clarity.msgs", report["message"])


def test_an_event_that_comes_many_times_at_once_makes_one_report(front_door: Pressroom) -> None:
    """Sixteen deliveries of one event at once are all answered 200 and leave one event, order and report."""
    before, event = counts(front_door), front_door.event()
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: front_door.send(event).status_code, range(16)))
    assert answers == [200] * 16
    assert [after - was for after, was in zip(counts(front_door), before, strict=True)] == [1, 1, 1, 0]


def test_two_events_of_one_session_make_one_order(front_door: Pressroom) -> None:
    """Another event id for the same session adds an event and nothing else."""
    before, event = counts(front_door), front_door.event()
    for event_id in (event["id"], event["id"] + "x"):
        assert front_door.send({**event, "id": event_id}).status_code == 200
    assert [after - was for after, was in zip(counts(front_door), before, strict=True)] == [2, 1, 1, 0]


@pytest.mark.parametrize(
    ("session", "state"),
    [
        ({"metadata": {}}, "needs_attention"),
        ({"metadata": {"product": "unheard_of"}}, "needs_attention"),
        ({"amount_subtotal": 1}, "needs_attention"),
        ({"currency": "eur"}, "needs_attention"),
        ({"metadata": {"product": "life_clarity", "tenant": "other"}}, "needs_attention"),
        ({"customer_details": None, "customer_email": None}, "awaiting_details"),
        ({"metadata": {"product": "life_clarity"}}, "awaiting_details"),
        ({"payment_status": "unpaid"}, "awaiting_payment"),
    ],
    ids=["no product", "unknown product", "price", "currency", "tenant", "no address", "no answers", "unpaid"],
)
def test_an_order_that_cannot_begin_says_what_it_waits_for(
    front_door: Pressroom, session: dict[str, Any], state: str
) -> None:
    """What is paid and cannot be made is kept in a state that names the remedy, and no report is begun."""
    event = front_door.event(**session)
    assert front_door.send(event).status_code == 200
    order = event["data"]["object"]["id"]
    assert front_door.order(order)["state"] == state
    assert front_door.db.reports.count_documents({"order": order}) == 0


@pytest.mark.parametrize(
    "change",
    [{"type": "invoice.paid"}, {"livemode": True}],
    ids=["unknown type", "other mode"],
)
def test_an_event_that_is_not_for_us_is_kept_as_ignored(front_door: Pressroom, change: dict[str, Any]) -> None:
    """Events of other types or of the other mode are answered 200, kept, and make no order."""
    event = {**front_door.event(), **change}
    assert front_door.send(event).status_code == 200
    kept = front_door.db.events.find_one({"_id": event["id"]})
    assert kept is not None
    assert kept["state"] == "ignored"
    assert front_door.db.orders.count_documents({"_id": event["data"]["object"]["id"]}) == 0


def test_hostile_values_are_kept_raw_and_capped(front_door: Pressroom) -> None:
    """Odd characters, odd types and long texts in metadata never break an order or become a key."""
    odd = {"product": "life_clarity", "name": "Zoë \x00‮" + "n" * 5000, "question": "?", "$where": "1", "a.b": "2"}
    event = front_door.event(metadata={**odd, "birth_date": {"$ne": None}})
    assert front_door.send(event).status_code == 200
    order = front_door.db.orders.find_one({"_id": event["data"]["object"]["id"]})
    assert order is not None
    assert set(order["answers"]) == {"name", "question"}
    assert len(order["answers"]["name"]) == 2000
    assert order["answers"]["name"].startswith("Zoë n")


def test_without_the_database_the_answer_is_503_and_stripes_retry_places(front_door: Pressroom) -> None:
    """While MongoDB is down nothing is acknowledged; the next delivery is taken."""
    metadata = {"product": "life_clarity", "name": "Xanthippe Unmistakable", "question": "Whither unmistakably?"}
    event = front_door.event(metadata=metadata)
    front_door.stack.part("mongodb").kill()
    assert front_door.send(event).status_code == 503
    output = front_door.part("web").output()
    assert "webhook_put_off" in output
    assert "nmistakabl" not in output
    assert httpx2.get(f"{front_door.stack.urls.web}/readyz").status_code == 503
    front_door.stack.part("mongodb").start()
    front_door.until("retry", lambda: front_door.send(event).status_code == 200)
    assert front_door.db.reports.count_documents({"order": event["data"]["object"]["id"]}) == 1


def test_without_redis_the_answer_is_200_and_the_order_is_durable(front_door: Pressroom) -> None:
    """While Redis is down orders are taken and the balancer is told; what was not queued waits in MongoDB."""
    event = front_door.event()
    front_door.stack.part("redis").kill()
    assert front_door.send(event).status_code == 200
    ready = httpx2.get(f"{front_door.stack.urls.web}/readyz")
    assert (ready.status_code, ready.json()["degraded"]) == (200, ["redis"])
    front_door.stack.part("redis").start()
    assert front_door.db.reports.count_documents({"order": event["data"]["object"]["id"], "state": "queued"}) == 1


@pytest.mark.parametrize("name", ["s3", "mail", "llm"])
def test_what_only_delays_orders_is_named_and_turns_nobody_away(front_door: Pressroom, name: str) -> None:
    """A balancer hears 200 and which server is away."""
    front_door.stack.part(name).terminate()
    ready = httpx2.get(f"{front_door.stack.urls.web}/readyz", timeout=10)
    front_door.stack.part(name).start()
    assert (ready.status_code, ready.json()["degraded"]) == (200, [name])


def test_no_customer_data_is_logged(front_door: Pressroom) -> None:
    """Names, addresses and questions of customers are in no log line of the web process."""
    metadata = {"product": "life_clarity", "name": "Xanthippe Unmistakable", "question": "Whither unmistakably?"}
    front_door.send(front_door.event(metadata=metadata))
    output = front_door.part("web").output()
    assert "nmistakabl" not in output
    assert front_door.email not in output


def test_an_event_id_with_another_body_keeps_the_first(front_door: Pressroom) -> None:
    """A second body under a known event id is answered 200 and changes nothing."""
    event = front_door.event()
    front_door.send(event)
    other = {**event, "data": front_door.event()["data"]}
    assert front_door.send(other).status_code == 200
    assert front_door.db.orders.count_documents({"_id": other["data"]["object"]["id"]}) == 0
    assert "event_id_with_another_body" in front_door.part("web").output()
