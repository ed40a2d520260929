"""Errors of MongoDB's that pass are an outage, not a bug: with each code, from each kind of command."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from pymongo.errors import BulkWriteError, ConfigurationError, PyMongoError

from infra.local.stack import Stack
from storage.claims import claim_step, claims_of, complete_step, fence_step, release_step
from storage.database import CommandFails, Database, DatabaseIsDown, insert_new, insert_once, translating
from storage.not_now import why_not_now
from storage.queueing import queue_batches
from storage.steps import find_step, first_ready, insert_steps, ready_after, steps_of
from tests.conftest import StoppedClock
from tests.fail_points import failing
from tests.storage.builders import a_form, step

pytestmark = pytest.mark.anyio

Hasty = Callable[[], Database]

STEPS, ANSWERS = "tests.steps", "tests.answers"
#: A member is gone, or is no primary now; it was ended from outside; others are in the way; a person must mend it.
GONE = (6, 7, 89, 133, 134, 202, 9001, 91, 189, 10107, 11600, 11602, 13435, 13436)
ENDED = (43, 50, 175, 237, 262, 11601)
IN_THE_WAY = (24, 46, 112, 365)
FOR_A_PERSON = (13, 18, 371, 391, 8000, 14031)
#: A document that fails validation, a key that is too long, a stage that is unknown: the same at every try.
LASTING = [121, 17280, 40324]


@pytest.fixture
def port(stack: Stack) -> int:
    """Where the one member listens."""
    return stack.part("mongodb").port or 0


@pytest.fixture
async def hasty(stack: Stack, db: Database) -> AsyncIterator[Callable[[], Database]]:
    """Makes the same database anew, with a driver that repeats nothing and has not heard of any error."""
    url = stack.env["MONGODB_URL"].replace("/pressroom?", f"/{db.steps.database.name}?")
    made: list[Database] = []

    def make() -> Database:
        made.append(Database(f"{url}&retryWrites=false&retryReads=false"))
        return made[-1]

    yield make
    for database in made:
        await database.close()


@pytest.fixture
async def asking(stack: Stack, db: Database) -> AsyncIterator[Database]:
    """The same database, with a driver that asks how it is: who only says it stepped down has no news to tell."""
    url = stack.env["MONGODB_URL"].replace("/pressroom?", f"/{db.steps.database.name}?")
    database = Database(f"{url}&serverMonitoringMode=poll")
    yield database
    await database.close()


@pytest.mark.parametrize("code", [*GONE, *ENDED, *IN_THE_WAY, *FOR_A_PERSON])
async def test_what_passes_is_an_outage(hasty: Hasty, clock: StoppedClock, port: int, code: int) -> None:
    """Reads, updates, inserts and claims that fail with such a code raise DatabaseIsDown."""
    with failing(port, ["find", "update", "insert", "findAndModify"], errorCode=code, namespace=STEPS):
        with pytest.raises(DatabaseIsDown):
            await find_step(hasty(), "a")
        with pytest.raises(DatabaseIsDown):
            await release_step(hasty(), "a", 1, clock.now())
        with pytest.raises(DatabaseIsDown):
            await insert_steps(hasty(), [step("a", clock)])
        with pytest.raises(DatabaseIsDown):
            await claim_step(hasty(), "a", "w1", [1], clock.now())


@pytest.mark.parametrize("code", LASTING)
async def test_what_does_not_pass_is_none(hasty: Hasty, port: int, code: int) -> None:
    """A command that would fail again is not tried again: its error says which it was."""
    with failing(port, ["find"], errorCode=code, namespace=STEPS), pytest.raises(CommandFails):
        await find_step(hasty(), "a")


@pytest.mark.parametrize("label", ["RetryableWriteError", "TransientTransactionError", "SystemOverloadedError"])
async def test_a_label_says_that_it_passes(hasty: Hasty, port: int, label: str) -> None:
    """Of a code that nobody knows yet the server's label tells."""
    with (
        failing(port, ["find"], errorCode=LASTING[0], errorLabels=[label], namespace=STEPS),
        pytest.raises(DatabaseIsDown),
    ):
        await find_step(hasty(), "a")


async def test_a_cursor_that_is_gone_is_an_outage(hasty: Hasty, clock: StoppedClock, port: int) -> None:
    """What the former primary had begun to tell is asked for again."""
    db, claim = hasty(), {"worker": "w1"}
    await insert_steps(db, [step(str(nth), clock, state="claimed", claim=claim) for nth in range(200)])
    with failing(port, ["getMore"], errorCode=43, namespace=STEPS), pytest.raises(DatabaseIsDown):
        await claims_of(db, "w1")
    assert len(await claims_of(db, "w1")) == 200


@pytest.mark.parametrize("code", [64, 91, 100])
async def test_a_taken_key_that_is_not_durable_is_not_taken_yet(hasty: Hasty, port: int, code: int) -> None:
    """A duplicate whose majority is missing is no proof: whoever inserts must ask again."""
    assert await insert_once(hasty().answers, a_form("a"))
    missing = {"code": code, "errmsg": "The others are away."}
    with failing(port, ["insert"], writeConcernError=missing, namespace=ANSWERS):
        with pytest.raises(DatabaseIsDown):
            await insert_once(hasty().answers, a_form("a"))
        with pytest.raises(DatabaseIsDown):
            await insert_new(hasty().answers, [a_form("a"), a_form("b")])
    assert not await insert_once(hasty().answers, a_form("a"))
    assert await insert_new(hasty().answers, [a_form("a"), a_form("b")]) == ["a", "b"]


@pytest.mark.parametrize(
    "how",
    [
        {"errorCode": 189},
        {"closeConnection": True},
        {"writeConcernError": {"code": 189, "errmsg": "The primary stepped down."}},
    ],
    ids=["refused", "cut off", "done and not durable"],
)
async def test_an_election_costs_no_transition(
    asking: Database, clock: StoppedClock, port: int, how: dict[str, Any]
) -> None:
    """Readying, queueing, claiming, fencing and completing each bear one failure, and know what they did."""

    def once(command: str) -> AbstractContextManager[None]:
        return failing(port, [command], times=1, namespace=STEPS, **how)

    with once("insert"):
        await insert_steps(asking, [step("a", clock, state="waiting"), step("b", clock, state="waiting")])
    with once("update"):
        await ready_after(asking, ["a", "b"], 1, clock.now())
    with once("update"):
        ready = await first_ready(asking, "cs_1:book", "write", 2)
        await queue_batches(asking, [[one] for one in ready], clock.now())
    with once("findAndModify"):
        claim = await claim_step(asking, "a", "w1", [1], clock.now())
    assert claim is not None
    with once("update"):
        assert await fence_step(asking, claim, claim["epoch"], clock.now())
    with once("update"):
        assert await complete_step(asking, claim, claim["epoch"] + 1, {"text": "bought"}, clock.now())
    found = await steps_of(asking, "cs_1:book")
    assert [(one["state"], one["epoch"], one["sends"]) for one in found] == [("done", 2, 0), ("queued", 0, 1)]


async def test_a_password_that_was_changed_is_waited_for(stack: Stack) -> None:
    """Who is not let in waits until a person has mended it, and says why."""
    database = Database(stack.env["MONGODB_URL"].replace("://", "://ada:outdated@"))
    with pytest.raises(DatabaseIsDown, match="AuthenticationFailed"):
        await database.ping()
    await database.close()


def bulk(*codes: int) -> BulkWriteError:
    """Return the driver's error for a bulk of which writes failed with these codes."""
    return BulkWriteError({"writeErrors": [{"code": code} for code in codes], "writeConcernErrors": []})


def test_one_write_of_a_bulk_that_passes_is_enough() -> None:
    """A bulk is repeated as long as a write of it may succeed, and is refused for what is left."""
    assert why_not_now(bulk(11000, 11602)) == "MongoDB cannot do it now (InterruptedDueToReplStateChange)."
    assert why_not_now(bulk(121, 46))
    assert why_not_now(bulk(121, 11000)) is None


async def test_a_name_that_dns_does_not_tell_is_waited_for() -> None:
    """A URL with mongodb+srv:// names no server until DNS answers: that passes, a wrong answer does not."""

    async def ask(cause: Exception | None) -> None:
        raise ConfigurationError("No.") from cause

    with pytest.raises(DatabaseIsDown, match="DNS"):
        await translating(ask)(OSError(101, "Network is unreachable"))
    with pytest.raises(CommandFails):
        await translating(ask)(None)


async def test_errors_without_a_code_are_bugs() -> None:
    """What the driver says of wrong use is no outage, and is told by its type alone."""

    async def misuse() -> None:
        raise PyMongoError("Wrong.")

    with pytest.raises(CommandFails, match=r"^MongoDB failed: PyMongoError\.$"):
        await translating(misuse)()
