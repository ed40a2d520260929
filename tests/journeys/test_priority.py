"""Who yields the processor to whom: what is promised soon is made before what may take longer."""

import os

from infra.local.stack import Stack
from tests.pressroom import Pressroom


def test_workers_yield_by_what_their_products_promise(stack: Stack) -> None:
    """A product that is promised in minutes yields to nobody, one of half an hour to it, one of hours to both."""
    with Pressroom(stack) as pressroom:
        products = ("life_clarity", "personal_blueprint", "personal_horoscope")
        workers = [pressroom.start("worker", product, wait=False) for product in products]
        for worker in workers:
            worker.wait_ready()
        own = os.getpriority(os.PRIO_PROCESS, 0)
        fast, longer, longest = (os.getpriority(os.PRIO_PROCESS, worker.pid) - own for worker in workers)
    assert 0 == fast < longer < longest
