"""KEDA's question, asked of a real Redis that has the messages of real processes."""

from urllib.parse import urlsplit

import pytest
import redis

from actors.products.catalogue import MAIL_QUEUE
from infra.local.stack import Stack
from tests.infra.deploy.files import ROOT, of_kind
from tests.infra.deploy.keda import triggers_of
from tests.pressroom import Pressroom

QUEUE = "life_clarity"


@pytest.mark.long
def test_a_worker_is_wanted_until_the_last_call_has_come_back(stack: Stack) -> None:
    """Messages count while they wait, while a worker has them in hand and no list holds them, and no longer."""
    triggers = [*triggers_of(QUEUE)]
    (database,) = {one.database for one in triggers}
    address = urlsplit(stack.env["REDIS_URL"]).netloc  # as in the Secret: host and port
    host, _, port = address.partition(":")
    with Pressroom(stack) as house, redis.Redis(host, int(port), database) as server:

        def counted() -> list[int]:
            return [one.asks(server) for one in triggers]

        house.start("web")
        house.pretend_to_sweep()
        orders = [house.buy() for _ in range(3)]
        house.until("messages that wait", lambda: counted() == [3, 0])
        assert [one.workers(server) for one in triggers] == [1, 1]
        stack.llm.set_latency(2.0)
        workers = [house.start("worker", queue, wait=False) for queue in (QUEUE, MAIL_QUEUE)]
        for worker in workers:
            worker.wait_ready()

        def all_in_hand() -> bool:
            calls, waiting = in_the_air(house, orders), int(server.llen(f"dramatiq:{QUEUE}"))
            return waiting == 0 < calls <= counted()[0]

        house.until("calls in the air and no message in the list", all_in_hand)
        stack.llm.set_latency(0.05)
        for order in orders:
            house.until_delivered(order)
        house.until("an empty queue", lambda: counted() == [0, 0])


def in_the_air(house: Pressroom, orders: list[str]) -> int:
    """Return how many calls of some orders have no answer yet."""
    calls = (call for order in orders for call in house.stack.llm.requests(order=order))
    return sum(call.finished_at is None for call in calls)


def test_none_is_wanted_of_the_longest_product_when_it_has_no_work(stack: Stack) -> None:
    """Of nothing it has no worker, of one message one, of a flood as many as are allowed; whatever its queue."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as server:
        for trigger in triggers_of("personal_horoscope"):
            server.delete(trigger.key)
            wanted = [trigger.workers(server)]
            for count in (1, trigger.length + 1, 100 * trigger.length):
                server.hset(trigger.key, mapping={str(nth): "" for nth in range(count)})
                wanted.append(trigger.workers(server))
            server.delete(trigger.key)
            assert wanted == [0, 1, 2, trigger.most]


def test_the_secret_that_deploying_makes_has_all_that_keda_asks_for() -> None:
    """Each parameter of its sign-in is a key of the Secret in docs/deploying.md."""
    (signing_in,) = of_kind("TriggerAuthentication", "keda")
    told = (ROOT / "docs/deploying.md").read_text()
    for one in signing_in["spec"]["secretTargetRef"]:
        assert f"secret generic {one['name']}" in told
        assert f"--from-literal={one['key']}=" in told
