"""The webhook as a serverless function: what it answers, and what is in database and broker afterwards."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from infra.local.stack import Stack
from tests.pressroom import Pressroom
from tests.serverless import ROUTE, SHAPES, Container, delivery, function_settings, sent_to, sign

COLLECTIONS = ("events", "orders", "reports")
#: The seconds after which the platform cuts an answer, by the template in infra/deploy/aws.
CUT_AFTER_S = 10

every_shape = pytest.mark.parametrize("shape", SHAPES)
both_bodies = pytest.mark.parametrize("encoded", [False, True], ids=["plain", "base64"])


@pytest.fixture(scope="module")
def door(stack: Stack) -> Iterator[Pressroom]:
    """A database, and no process."""
    with Pressroom(stack) as running:
        yield running


@pytest.fixture(scope="module")
def container(door: Pressroom, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """One warm container for all tests."""
    log = tmp_path_factory.mktemp("serverless") / "stderr"
    with Container(function_settings(door), log) as running:
        yield running


@contextmanager
def killed(door: Pressroom, name: str) -> Iterator[None]:
    """Kill a server of the stack, which is there again afterwards, whatever happens meanwhile."""
    door.stack.part(name).kill()
    try:
        yield
    finally:
        door.stack.part(name).start()


def paid(door: Pressroom, shape: str, *, encoded: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a paid order as Stripe's event, and as the function gets it."""
    event = door.event()
    body = json.dumps(event).encode()
    return event, delivery(shape, body, sign(door, body), encoded=encoded)


def counts(door: Pressroom) -> list[int]:
    """Return how many documents there are of each kind."""
    return [door.db[name].count_documents({}) for name in COLLECTIONS]


def begun_report(door: Pressroom, event: dict[str, Any]) -> dict[str, Any]:
    """Return the one report of an event, which is kept and applied, as is its order."""
    kept = door.db.events.find_one({"_id": event["id"]})
    assert kept is not None
    assert (json.loads(kept["raw"]), kept["state"]) == (event, "applied")
    order = event["data"]["object"]["id"]
    assert door.db.orders.count_documents({"_id": order}) == 1
    (report,) = door.db.reports.find({"order": order})
    return report


@every_shape
@both_bodies
def test_a_paid_session_is_one_order_with_one_report(
    door: Pressroom, container: Container, shape: str, encoded: bool
) -> None:
    """An event of every shape is kept, and its order is placed and queued before the answer."""
    event, sent = paid(door, shape, encoded=encoded)
    answer = container.answer(sent)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "", False)
    assert door.redis.hexists("dramatiq:life_clarity.msgs", begun_report(door, event)["message"])


@every_shape
def test_a_body_whose_base64_flag_was_lost_leaves_nothing(
    door: Pressroom, container: Container, shape: str
) -> None:
    """Base64 that is not declared is not what Stripe signed: 400, nothing stored."""
    before, (_, sent) = counts(door), paid(door, shape, encoded=True)
    assert container.status({**sent, "isBase64Encoded": False}) == 400
    assert counts(door) == before


@every_shape
@pytest.mark.parametrize(
    "body", ["{}", "abc", "Zoë=", "====", "ab\ncd"], ids=["json", "short", "name", "pad", "line"]
)
def test_a_body_that_is_not_the_base64_it_should_be_leaves_nothing(
    door: Pressroom, container: Container, shape: str, body: str
) -> None:
    """What is declared as base64 and is none is answered 400, and nothing is stored."""
    before, (_, sent) = counts(door), paid(door, shape)
    assert container.status({**sent, "body": body, "isBase64Encoded": True}) == 400
    assert counts(door) == before


@every_shape
def test_base64_with_foreign_letters_in_it_is_refused(door: Pressroom, container: Container, shape: str) -> None:
    """A body counts as it came, not as a lenient decoder reads it."""
    event, sent = paid(door, shape, encoded=True)
    assert container.status({**sent, "body": "!" + sent["body"]}) == 400
    assert door.db.events.count_documents({"_id": event["id"]}) == 0


@every_shape
def test_two_signatures_are_refused(door: Pressroom, container: Container, shape: str) -> None:
    """Two Stripe-Signature headers are answered 400, however the gateway joins them."""
    before, body = counts(door), json.dumps(door.event()).encode()
    assert container.status(delivery(shape, body, sign(door, body), sign(door, body))) == 400
    assert counts(door) == before


@every_shape
def test_only_post_is_taken(container: Container, shape: str) -> None:
    """Another method is answered 405."""
    sent = {**delivery(shape, b"", "t=1,v1=x"), "body": None}
    assert container.status(sent_to(sent, ROUTE, "GET")) == 405


@every_shape
def test_another_path_is_never_redirected(door: Pressroom, container: Container, shape: str) -> None:
    """A trailing slash, or any other path, is answered 404 without an address to go to."""
    _, sent = paid(door, shape)
    for path in (ROUTE + "/", "/", "/webhooks/stripe/x", "/prodwebhooks/stripe"):
        answer = container.answer(sent_to(sent, path))
        assert answer["statusCode"] == 404
        assert "location" not in answer["headers"]


@every_shape
def test_a_stage_before_the_route_is_nobodys_business(door: Pressroom, container: Container, shape: str) -> None:
    """What a gateway leaves of its stage or mapping in the path does not turn Stripe away."""
    event, sent = paid(door, shape)
    assert container.status(sent_to(sent, f"/prod{ROUTE}")) == 200
    assert begun_report(door, event)["state"] == "queued"


@every_shape
@both_bodies
def test_a_body_that_is_too_long_is_not_taken(
    door: Pressroom, container: Container, shape: str, encoded: bool
) -> None:
    """More than 256 KiB are answered 413, whether the gateway tells their length or not; 256 KiB are read."""
    body = b"x" * (256 * 1024 + 1)
    assert container.status(delivery(shape, body, sign(door, body), encoded=encoded)) == 413
    assert container.status(delivery(shape, body[1:], sign(door, body[1:]), encoded=encoded)) == 400


def test_a_warm_container_keeps_its_connections(door: Pressroom, container: Container) -> None:
    """Fifty events one after another are served over the connections of the first."""

    def deliver() -> None:
        assert container.status(paid(door, SHAPES[0])[1]) == 200

    def opened() -> int:
        return int(door.db.client.admin.command("serverStatus")["connections"]["totalCreated"])

    deliver()
    clients, before = {one["id"] for one in door.redis.client_list()}, opened()
    for _ in range(50):
        deliver()
    assert {one["id"] for one in door.redis.client_list()} == clients
    # The client that looks on may open one or two of its own.
    assert opened() - before < 5


@pytest.mark.long
def test_without_the_database_the_answer_is_503_and_stripes_retry_places(
    door: Pressroom, container: Container
) -> None:
    """While MongoDB is down each delivery is put off in time; the first one after that is taken."""
    event, sent = paid(door, SHAPES[0])
    with killed(door, "mongodb"):
        for _ in range(2):
            began = time.monotonic()
            answer = container.answer(sent)
            assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "10")
            assert time.monotonic() - began < CUT_AFTER_S
    assert container.status(sent) == 200
    assert begun_report(door, event)["state"] == "queued"


@every_shape
def test_a_restart_of_the_database_between_two_events_is_not_noticed(
    door: Pressroom, container: Container, shape: str
) -> None:
    """A warm container's first event after MongoDB was restarted is taken."""
    assert container.status(paid(door, shape)[1]) == 200
    door.stack.part("mongodb").terminate()
    door.stack.part("mongodb").start()
    event, sent = paid(door, shape)
    assert container.status(sent) == 200
    assert begun_report(door, event)["state"] == "queued"


def test_a_cold_container_does_not_need_the_database(
    door: Pressroom, container: Container, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A container that starts while MongoDB is down answers 503 in time, and serves once it is there."""
    event, sent = paid(door, SHAPES[0])
    with ExitStack() as held:
        with killed(door, "mongodb"):
            log = tmp_path_factory.mktemp("cold") / "stderr"
            cold = held.enter_context(Container(function_settings(door), log))
            assert cold.status({**sent, "body": ""}) == 400
            began = time.monotonic()
            assert cold.status(sent) == 503
            assert time.monotonic() - began < CUT_AFTER_S
        assert cold.status(sent) == 200
    assert begun_report(door, event)["state"] == "queued"


def test_without_redis_the_answer_is_200_and_the_order_is_durable(door: Pressroom, container: Container) -> None:
    """While Redis is down orders are taken in time; what was not queued waits in MongoDB."""
    event, sent = paid(door, SHAPES[0])
    with killed(door, "redis"):
        began = time.monotonic()
        assert container.status(sent) == 200
        assert time.monotonic() - began < CUT_AFTER_S
    assert begun_report(door, event)["state"] == "queued"
    event, sent = paid(door, SHAPES[0])
    assert container.status(sent) == 200
    assert door.redis.hexists("dramatiq:life_clarity.msgs", begun_report(door, event)["message"])


def test_no_customer_data_is_logged(door: Pressroom, container: Container) -> None:
    """Whatever came before, no line that the function wrote has a customer's name, question or address."""
    event, sent = paid(door, SHAPES[0])
    assert container.status(sent) == 200
    output = container.output()
    assert event["id"] in output
    assert not [word for word in ("Byron", "Shall I go", door.email, ROUTE) if word in output]
