"""What the cases share: bytes that are sent, the answer to them, and what is there afterwards."""

import hashlib
import hmac
import http.client
import json
import time
import uuid
from collections import Counter
from typing import Any, NamedTuple

from infra.local.ports import HOST
from infra.local.stripe.objects import new_charge, new_dispute, new_event, new_refund
from infra.stripe.version import API_VERSION
from tests import plain_http
from tests.pressroom import ANSWERS, Pressroom

PATH = "/webhooks/stripe"
#: No document in any collection, no key in Redis.
NOTHING: dict[str, int] = {}
#: What one paid order of one product leaves, as `left` counts it.
PLACED = {"events": 1, "orders": 1, "reports": 1, "life_clarity.begin_report": 1}

Event = dict[str, Any]


class Answer(NamedTuple):
    """What came back over the wire."""

    status: int
    text: str


def as_bytes(event: Event) -> bytes:
    """Return an event as it goes over the wire."""
    return json.dumps(event).encode()


def mac_of(door: Pressroom, body: bytes, at: int, secret: str | None = None) -> str:
    """Return the MAC of a body that may be any bytes, for a signature of that moment."""
    key = secret if secret is not None else door.stack.env["STRIPE_WEBHOOK_SECRET"]
    return hmac.new(key.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def sign(door: Pressroom, body: bytes, at: int | None = None, secret: str | None = None) -> str:
    """Return a signature header as Stripe makes it, now if no moment is given."""
    moment = int(time.time()) if at is None else at
    return f"t={moment},v1={mac_of(door, body, moment, secret)}"


def open_line(
    door: Pressroom, *signatures: str | bytes, method: str = "POST", path: str = PATH, **headers: str
) -> http.client.HTTPConnection:
    """Begin a request over a connection of its own; headers by name, with underscores for hyphens."""
    line = http.client.HTTPConnection(HOST, door.stack.web_port, timeout=15)
    line.putrequest(method, path)
    for signature in signatures:
        line.putheader("Stripe-Signature", signature)
    for name, value in headers.items():
        line.putheader(name.replace("_", "-"), value)
    return line


def answer_of(line: http.client.HTTPConnection) -> Answer:
    """Return the answer to a request, hanging up; it is never a redirect and never shows code."""
    response = line.getresponse()
    answer = Answer(response.status, response.read().decode())
    line.close()
    assert answer.status // 100 != 3, answer
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text
    return answer


def post(door: Pressroom, body: bytes, *signatures: str | bytes, path: str = PATH, **headers: str) -> Answer:
    """Post bytes with those signature headers."""
    line = open_line(door, *signatures, path=path, Content_Length=str(len(body)), **headers)
    line.endheaders(body)
    return answer_of(line)


def deliver(door: Pressroom, event: Event | bytes, **headers: str) -> Answer:
    """Post an event as Stripe does: signed, now."""
    body = event if isinstance(event, bytes) else as_bytes(event)
    return post(door, body, sign(door, body), Content_Type="application/json", **headers)


def accept(door: Pressroom, *events: Event | bytes) -> None:
    """Post events one after the other, each of which must be answered 200."""
    for event in events:
        assert deliver(door, event).status == 200


def documents(door: Pressroom) -> Counter[str]:
    """Count the documents of each collection that has any.

    But for the beat of a sweep, and the tally of refused requests, which web writes some time after them.
    """
    names = set(door.db.list_collection_names()) - {"sweeps", "tallies"}
    return +Counter({name: door.db[name].count_documents({}) for name in names})


def messages(door: Pressroom) -> Counter[str]:
    """Count the messages, waiting or in somebody's hands, by queue and actor."""
    return Counter(
        f"{key.split(b':')[1].removesuffix(b'.msgs').decode()}.{json.loads(message)['actor_name']}"
        for key in door.redis.scan_iter("*.msgs")
        for message in door.redis.hvals(key)
    )


def left(door: Pressroom) -> Counter[str]:
    """Count all that is there: documents by collection, messages by queue and actor, else the keys in Redis."""
    return documents(door) + (messages(door) or Counter(key.decode() for key in door.redis.scan_iter()))


def session_of(event: Event) -> str:
    """Return the id of the session that an event is about, which is its order's."""
    return str(event["data"]["object"]["id"])


def one(door: Pressroom, collection: str, **wanted: Any) -> dict[str, Any]:
    """Return the only such document of a collection."""
    (found,) = door.db[collection].find(wanted)
    return found


def page_of(door: Pressroom, order: str) -> str:
    """Return the address of an order's page."""
    return door.links().order(one(door, "orders", _id=order)["token"])


def shown(door: Pressroom, order: str) -> Any:
    """Return an order as its page's JSON shows it to the customer."""
    return plain_http.get(page_of(door, order) + ".json").raise_for_status().json()


def alerts(door: Pressroom) -> list[tuple[str, str | None, str | None]]:
    """Return kind, order and event of what an operator must be told."""
    return [(alert["kind"], alert["order"], alert["event"]) for alert in door.db.alerts.find().sort("at")]


def again(event: Event, kind: str | None = None, **session: Any) -> Event:
    """Return another event about the same session, of that kind, with those fields changed."""
    told = {**event["data"]["object"], **session}
    return {**event, "id": f"evt_{uuid.uuid4().hex}", "type": kind or event["type"], "data": {"object": told}}


def refunded(event: Event, amount: int, at: int | None = None) -> Event:
    """Return `charge.refunded` for the payment of a session's event: so much of it was given back in all."""
    charge = _charge(event)
    about = {**charge, "amount_refunded": amount, "refunded": amount == charge["amount"]}
    return _told("charge.refunded", about, at)


def refund_failed(event: Event, amount: int, at: int | None = None) -> Event:
    """Return `refund.failed` for the payment of a session's event."""
    return _told("refund.failed", {**new_refund(_charge(event), amount, {}), "status": "failed"}, at)


def dispute_of(event: Event) -> dict[str, Any]:
    """Return a dispute about the payment of a session's event."""
    return new_dispute(_charge(event), "general")


def disputed(dispute: dict[str, Any], outcome: str | None = None) -> Event:
    """Return the event that opens a dispute, or closes it with that outcome."""
    kind = "charge.dispute.closed" if outcome else "charge.dispute.created"
    return _told(kind, {**dispute, "status": outcome or dispute["status"]}, None)


def _charge(event: Event) -> dict[str, Any]:
    session = event["data"]["object"]
    return new_charge({**session, "amount_total": session["amount_subtotal"]})


def _told(kind: str, about: dict[str, Any], at: int | None) -> Event:
    event = new_event(kind, about, None, API_VERSION)
    return event if at is None else {**event, "created": at}


def assert_nobody_named(door: Pressroom) -> None:
    """Nothing that a customer wrote is in what any process has logged."""
    for part in door.parts:
        output = part.output()
        for word in (door.email, *ANSWERS.values()):
            assert word not in output, part.name


def assert_nothing_failed(door: Pressroom) -> None:
    """No process has logged an exception."""
    for part in door.parts:
        output = part.output()
        assert "Traceback" not in output, part.name
        assert '"exception"' not in output, part.name
