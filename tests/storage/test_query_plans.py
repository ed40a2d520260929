"""How MongoDB finds what it is asked for, in a history that is nearly all over: by an index, and little else."""

from collections.abc import AsyncIterator

import pytest

from infra.local.stack import Stack
from storage.database import Database
from storage.index_builds import ensure_indexes
from tests.storage.plans.functions import FUNCTIONS
from tests.storage.plans.history import Sizes, seed
from tests.storage.plans.profile import Profile, profiling
from tests.storage.plans.questions import ask_everything
from tests.storage.plans.verdicts import bad, idle_indexes

pytestmark = pytest.mark.anyio

#: Enough of each state for a plan that reads all of one to be seen. `make query-plans` asks 100,000 orders.
SIZES = Sizes(orders=400, live=84, event_bytes=100)


@pytest.fixture(scope="module")
async def profile(stack: Stack) -> AsyncIterator[Profile]:
    """What MongoDB says of every question, asked once."""
    db = Database(stack.env["MONGODB_URL"].replace("/pressroom?", "/plans?"))
    await seed(db, SIZES)
    await ensure_indexes(db)
    async with profiling(db) as profile:
        await ask_everything(db, profile.ask)
    yield profile
    await db.client.drop_database("plans")
    await db.close()


async def test_every_question_is_asked(profile: Profile) -> None:
    """Each function that asks MongoDB is among those whose plans are looked at: a new one is added to them."""
    assert [name for function, name in FUNCTIONS.items() if function not in profile.asked] == []


async def test_no_question_reads_much_more_than_it_finds(profile: Profile) -> None:
    """Nothing scans a collection that grows, sorts in memory, or reads twice what it returns or changes."""
    assert bad(profile.answers) == []


async def test_every_index_is_needed(profile: Profile) -> None:
    """Each index leads at least one question to its answer; the others would only cost time."""
    assert idle_indexes(profile.answers) == []


async def test_an_orders_progress_is_counted_without_its_texts(profile: Profile) -> None:
    """A customer who reloads the order's page has MongoDB read an index, and none of the steps."""
    (count,) = [answer for answer in profile.answers if answer.function == "count_steps"]
    assert count.docs == 0
