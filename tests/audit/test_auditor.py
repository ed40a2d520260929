"""The auditor finds a well system well, and each bug that is planted into it, with the order and the violation."""

import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from actors.audit.evidence import Violation
from actors.products.catalogue import MAIL_QUEUE
from infra.local.stack import Stack
from tests.audit.auditor import Auditor
from tests.audit.leftovers import left_messages
from tests.audit.planted import BUGS, plant_all
from tests.audit.till import Till
from tests.families import alive
from tests.hook import Hook
from tests.pressroom import WITH_TEST_PRODUCTS, Pressroom
from tests.products.trio.product import PRODUCTS

#: Two sections and a chapter.
SHORT = PRODUCTS[0]
#: What records and files do not show by themselves: only the outside world has seen it.
UNSEEN_WITHIN = {"a doubled mail", "a swallowed alert", "a message that is left", "a process that is left"}


class Run(NamedTuple):
    """A run of orders: what was found before bugs were planted, and after, by product and by auditor."""

    before: list[Violation]
    orders: dict[str, str]
    within: dict[str | None, set[str]]
    after: dict[str | None, set[str]]


@pytest.fixture(scope="module")
def audited(stack: Stack) -> Iterator[Run]:
    """An order for each bug, one refunded and one for an operator; audited, spoiled, and audited again."""
    with Hook() as hook, Pressroom(stack, WITH_TEST_PRODUCTS, ALERT_WEBHOOK_URL=hook.url) as pressroom:
        commands = (("web",), ("sweep",), ("worker", SHORT.name), ("worker", MAIL_QUEUE))
        pressroom.forget()
        for part in [pressroom.start(*command, wait=False) for command in commands]:
            part.wait_ready()
        auditor, till = Auditor(pressroom, hook.posts), Till(stack)

        def buy(nth: int, price: int = SHORT.price) -> str:
            return till.buy(f"{nth}.{pressroom.email}", SHORT.name, price)

        orders = {bug: buy(nth) for nth, bug in enumerate(BUGS)}
        refunded, foreign = buy(-1), buy(-2, price=100)
        till.give_back(refunded)
        delivered = {"_id": {"$in": [*orders.values()]}, "delivered_at": {"$ne": None}}
        pressroom.until("the end", lambda: pressroom.db.orders.count_documents(delivered) == len(orders))
        pressroom.until("the refund", lambda: pressroom.db.orders.find_one({"_id": refunded, "stopped": True}))
        pressroom.until("the refund's letter", lambda: stack.inbox.letters(to=f"-1.{pressroom.email}"))
        pressroom.until("an alert", lambda: pressroom.db.alerts.find_one({"order": foreign, "state": "told"}))
        pressroom.until("the last message", lambda: not any(left_messages(pressroom.redis)))
        before = auditor.audit()
        garden = plant_all(pressroom, orders)
        auditor.started |= garden.started
        yield Run(before, orders, by_order(auditor.inside()), by_order(auditor.audit()))
        for left in alive(garden.started):
            os.kill(left.id, signal.SIGKILL)
        stack.stripe.resume_deliveries()


def by_order(found: list[Violation]) -> dict[str | None, set[str]]:
    """Return the kinds of violations of each order."""
    kinds: dict[str | None, set[str]] = defaultdict(set)
    for violation in found:
        kinds[violation.order].add(violation.kind)
    return kinds


@pytest.mark.long
def test_a_system_that_kept_its_promises_is_well(audited: Run) -> None:
    """Delivered, refunded and waiting for an operator who heard of it: nothing is found."""
    assert audited.before == []


@pytest.mark.long
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found(audited: Run, bug: str) -> None:
    """The order is named, with the promises that are broken, and none that are not."""
    order = None if bug == "a process that is left" else audited.orders[bug]
    assert audited.after[order] == BUGS[bug][1]


@pytest.mark.parametrize("bug", sorted(BUGS.keys() - UNSEEN_WITHIN))
def test_an_operator_finds_what_the_records_show(audited: Run, bug: str) -> None:
    """`pressroom audit` needs none of the outside world's records but Stripe's to find it."""
    assert audited.within[audited.orders[bug]] & BUGS[bug][1]
