"""Cases 23 to 40: bodies, lengths, methods and paths."""

import http.client
import json
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from tests.handlers.webhook_cases.cases import (
    NOTHING,
    PATH,
    PLACED,
    Event,
    answer_of,
    as_bytes,
    deliver,
    left,
    open_line,
    post,
    sign,
)
from tests.pressroom import Pressroom

MOST = 256 * 1024
NO_EVENTS: dict[str, bytes] = {
    "case-23 empty": b"",
    "case-27 a list": b"[]",
    "case-27 null": b"null",
    "case-27 a number": b"1",
    "case-27 a text": b'"evt_1"',
    "case-27 half an object": b'{"id": "evt_1", ',
    "case-27 no type": b'{"id": "evt_1"}',
    "case-27 a number for id": b'{"id": 1, "type": "checkout.session.completed"}',
    "case-27 an empty id": b'{"id": "", "type": "checkout.session.completed"}',
    "case-27 an object for type": b'{"id": "evt_1", "type": {"$ne": null}}',
    "case-28 a deep half": b"[" * 100_000,
    "case-28 deep": b'{"id": "evt_1", "type": "x", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("body", NO_EVENTS.values(), ids=NO_EVENTS)
def test_signed_bytes_that_are_no_event_leave_nothing(door: Pressroom, body: bytes) -> None:
    """A valid signature does not make an event of something else."""
    assert deliver(door, body).status == 400
    assert left(door) == NOTHING


def test_case_24_another_encoding(door: Pressroom) -> None:
    """A body that is not UTF-8 is answered 400, though its bytes were signed."""
    body = json.dumps(door.event(metadata={"name": "Zoë"}), ensure_ascii=False).encode("latin-1")
    assert deliver(door, body).status == 400
    assert left(door) == NOTHING


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda event: json.dumps(event, indent=1), id="case-26 other blanks"),
        pytest.param(lambda event: json.dumps(event, sort_keys=True), id="case-26 another order"),
    ],
)
def test_the_same_json_in_other_bytes_leaves_nothing(door: Pressroom, write: Callable[[Event], str]) -> None:
    """The bytes are what was signed, not what they mean."""
    event = door.event()
    assert post(door, write(event).encode(), sign(door, as_bytes(event))).status == 400
    assert left(door) == NOTHING


@pytest.mark.parametrize(
    ("number", "status"),
    [
        pytest.param(b"NaN", 200, id="case-30 NaN"),
        pytest.param(b"1e400", 200, id="case-30 1e400"),
        pytest.param(b"9" * 5000, 400, id="case-30 5,000 digits"),
    ],
)
@pytest.mark.parametrize("field", ["amount_subtotal", "amount_total", "payment_intent"])
def test_a_number_that_json_has_not_is_never_stored(
    door: Pressroom, number: bytes, status: int, field: str
) -> None:
    """What is no number of JSON's is refused, or kept in the raw bytes and nowhere else."""
    body = as_bytes(door.event(**{field: "@"})).replace(b'"@"', number)
    assert deliver(door, body).status == status
    assert left(door).get("events", 0) == (status == 200)
    for name in door.db.list_collection_names():
        for document in door.db[name].find():
            assert document.pop("raw", body) == body
            assert not [value for value in numbers_in(document) if not abs(value) < 2**63]


def numbers_in(value: Any) -> list[float]:
    """Return every number of a document."""
    if isinstance(value, dict):
        return [number for item in value.values() for number in numbers_in(item)]
    if isinstance(value, list):
        return [number for item in value for number in numbers_in(item)]
    return [value] if isinstance(value, int | float) else []


def test_case_31_too_long_as_declared(door: Pressroom) -> None:
    """A body that says it is too long is answered 413 while most of it has not been sent."""
    line = open_line(door, sign(door, b""), Content_Length=str(2**30))
    line.endheaders(b"x" * 1024)
    assert answer_of(line).status == 413
    assert left(door) == NOTHING


def test_case_32_too_long_in_chunks(door: Pressroom) -> None:
    """A body that turns out to be too long is answered 413 before its end."""
    line = open_line(door, sign(door, b""), Transfer_Encoding="chunked")
    line.endheaders()
    line.send(b"%x\r\n" % (MOST + 1) + b"x" * (MOST + 1) + b"\r\n")
    assert answer_of(line).status == 413
    assert left(door) == NOTHING


def test_case_31_as_long_as_may_be(door: Pressroom) -> None:
    """A body of exactly 256 KiB is taken."""
    assert deliver(door, as_bytes(door.event()).ljust(MOST)).status == 200
    assert left(door) == PLACED


def test_case_33_in_chunks(door: Pressroom) -> None:
    """A body that comes in chunks is taken as one that comes at once."""
    body = as_bytes(door.event())
    line = open_line(door, sign(door, body), Transfer_Encoding="chunked")
    line.endheaders((body[at : at + 700] for at in range(0, len(body), 700)), encode_chunked=True)
    assert answer_of(line).status == 200
    assert left(door) == PLACED


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Content_Type": "text/plain"}, id="case-38 text"),
        pytest.param({"Content_Encoding": "gzip"}, id="case-39 gzip that is none"),
    ],
)
def test_labels_do_not_matter(door: Pressroom, headers: dict[str, str]) -> None:
    """The bytes that were signed are what is read, whatever a header calls them."""
    body = as_bytes(door.event())
    assert post(door, body, sign(door, body), **headers).status == 200
    assert left(door) == PLACED


def hang_up(line: http.client.HTTPConnection) -> None:
    """End a line in order, and wait until the other side has seen it."""
    line.sock.shutdown(socket.SHUT_WR)
    while line.sock.recv(4096):
        pass
    line.close()


def break_off(line: http.client.HTTPConnection) -> None:
    """Cut a line."""
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


@pytest.mark.parametrize(
    "leave", [pytest.param(hang_up, id="case-36 hung up"), pytest.param(break_off, id="case-36 cut")]
)
def test_half_a_body_leaves_nothing(door: Pressroom, leave: Callable[[http.client.HTTPConnection], None]) -> None:
    """Who hangs up in the body leaves nothing, no exception in the log either, and the next is served."""
    body = as_bytes(door.event())
    line = open_line(door, sign(door, body), Content_Length=str(len(body)))
    line.endheaders(body[:1000])
    leave(line)
    alive = open_line(door, method="GET", path="/livez")
    alive.endheaders()
    assert answer_of(alive).status == 200
    assert left(door) == NOTHING


@pytest.mark.parametrize(
    "method", [pytest.param(method, id=f"case-37 {method}") for method in ("GET", "HEAD", "PUT")]
)
def test_other_methods_leave_nothing(door: Pressroom, method: str) -> None:
    """Only POST is taken, whatever is signed."""
    body = as_bytes(door.event())
    line = open_line(door, sign(door, body), method=method, Content_Length=str(len(body)))
    line.endheaders(body)
    assert answer_of(line).status == 405
    assert left(door) == NOTHING


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        pytest.param(f"{PATH}/", {}, 404, id="case-40 a slash after the path"),
        pytest.param(f"/{PATH}", {}, 404, id="case-40 two slashes before it"),
        pytest.param(PATH, {"X_Forwarded_Proto": "http"}, 200, id="case-40 plain http"),
        pytest.param(f"{PATH}?from=stripe", {}, 200, id="case-40 a query"),
    ],
)
def test_nothing_is_redirected(door: Pressroom, path: str, headers: dict[str, str], status: int) -> None:
    """Another path is not found and plain HTTP is served: a redirect would be a failure to Stripe."""
    body = as_bytes(door.event())
    assert post(door, body, sign(door, body), path=path, **headers).status == status
    assert left(door) == (PLACED if status == 200 else NOTHING)
