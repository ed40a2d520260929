"""Transitions T19 to T22 of the protocol, over the wire."""

import asyncio
from datetime import timedelta

import pytest

from storage.database import Database
from storage.deliveries import (
    claim_delivery,
    find_delivery,
    mark_sent,
    postpone_delivery,
    retake_delivery,
    start_sending,
)
from storage.records.mail import Delivery
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

MINUTE = timedelta(seconds=60)


async def claimed(db: Database, clock: StoppedClock) -> Delivery:
    """Return a delivery that somebody has just claimed."""
    delivery = await claim_delivery(db, "cs_1", "completion", "<m@x>", clock.now() + MINUTE)
    assert delivery is not None
    return delivery


async def test_one_of_many_claims_a_letter(db: Database, clock: StoppedClock) -> None:
    """Of sixteen senders of one letter, one holds it."""
    until = clock.now() + MINUTE
    claims = await asyncio.gather(*(claim_delivery(db, "cs_1", "completion", "<m@x>", until) for _ in range(16)))
    assert sum(claim is not None for claim in claims) == 1


async def test_a_letter_in_hand_is_not_retaken(db: Database, clock: StoppedClock) -> None:
    """Nobody takes over before the sender's own deadline and the margin are past."""
    await claimed(db, clock)
    clock.forward(64)
    assert await retake_delivery(db, "cs_1", "completion", clock.now(), clock.now() + MINUTE) is None
    clock.forward(1)
    assert await retake_delivery(db, "cs_1", "completion", clock.now(), clock.now() + MINUTE) is not None


async def test_a_sender_that_was_overtaken_does_not_send(db: Database, clock: StoppedClock) -> None:
    """After a retake the first sender's last look fails, so only the second speaks to the mail server."""
    first = await claimed(db, clock)
    clock.forward(65)
    second = await retake_delivery(db, "cs_1", "completion", clock.now(), clock.now() + MINUTE)
    assert second is not None
    assert not await start_sending(db, first, clock.now() + MINUTE)
    assert await start_sending(db, second, clock.now() + MINUTE)


async def test_a_sent_letter_is_never_taken_again(db: Database, clock: StoppedClock) -> None:
    """What the mail server accepted is over, however much time passes."""
    delivery = await claimed(db, clock)
    await start_sending(db, delivery, clock.now() + MINUTE)
    await mark_sent(db, delivery["_id"], "250 OK", clock.now())
    clock.forward(10_000)
    assert await retake_delivery(db, "cs_1", "completion", clock.now(), clock.now() + MINUTE) is None
    sent = await find_delivery(db, "cs_1", "completion")
    assert sent is not None
    assert [entry["answer"] for entry in sent["accepted"]] == ["250 OK"]


async def test_a_postponed_letter_waits_for_its_time(db: Database, clock: StoppedClock) -> None:
    """A letter that the mail server put off is taken again when it is due, by one sender."""
    delivery = await claimed(db, clock)
    await start_sending(db, delivery, clock.now() + MINUTE)
    await postpone_delivery(db, delivery, clock.now() + MINUTE, "451 later")
    assert await retake_delivery(db, "cs_1", "completion", clock.now(), clock.now() + MINUTE) is None
    clock.forward(60)
    until = clock.now() + MINUTE
    senders = (retake_delivery(db, "cs_1", "completion", clock.now(), until) for _ in range(4))
    taken = await asyncio.gather(*senders)
    assert sum(one is not None for one in taken) == 1
