"""A set of three loses its primary in the middle of everything; `make elections` does it again and again."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest
from pymongo import MongoClient, ReadPreference
from pymongo.errors import NotPrimaryError

from infra.local.ports import HOST
from infra.local.stack import Stack
from tests.faults.elections import Harm, Siege
from tests.faults.primary import Primary
from tests.pressroom import Pressroom
from tests.warm import begin

UNHARMED = Harm(*[0] * len(Harm._fields))


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A local stack of its own, whose MongoDB has three members."""
    with Stack(tmp_path_factory.mktemp("elections"), latency_s=1.0, mongods=3, begin=begin) as running:
        yield running


@pytest.fixture(scope="module")
def primary(stack: Stack) -> Iterator[Primary]:
    """The primary, which tests lose."""
    with closing(Primary(stack)) as found:
        yield found


@pytest.fixture
def siege(pressroom: Pressroom, primary: Primary) -> Siege:
    """Orders whose sections take a second and are long, and a hundred webhooks a round."""
    pressroom.stack.llm.set_latency(1.0)
    pressroom.stack.llm.set_brevity(brief=False)
    return Siege(pressroom, primary, lot=1, burst=100, seed=1)


def test_a_primary_that_steps_down_costs_nothing(siege: Siege) -> None:
    """Told to hand over while one order is mailed, one is written and others come, it harms none."""
    loss = siege.lose("step_down", "mail")
    assert siege.end() == UNHARMED
    assert loss.harm == 0, loss


def test_a_killed_primary_costs_nothing_and_comes_back(siege: Siege, primary: Primary) -> None:
    """Killed while one order is set, it harms none; once it is back it has all that was stored without it."""
    former = primary.part
    loss = siege.lose("kill", "render")
    assert siege.end() == UNHARMED
    assert loss.refused > 0
    assert loss.harm == 0, loss
    with MongoClient[dict[str, Any]](HOST, former.port, directConnection=True) as client:
        theirs = client[siege.pressroom.db.name].get_collection("orders", read_preference=ReadPreference.SECONDARY)
        count = len(siege.orders) + len(siege.sessions)

        def has_all() -> bool:
            with suppress(NotPrimaryError):  # nobody reads from it while it takes back what it alone had
                return theirs.count_documents({}) == count
            return False

        siege.pressroom.until("replication", has_all)
