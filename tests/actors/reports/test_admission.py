"""T4: how many reports of a tenant are in progress, whoever asks and whatever crashes."""

import asyncio
from dataclasses import replace

import pytest

from actors.deps.process import Deps
from actors.intake.placing import start_orders
from actors.messages import send_all
from actors.reports.admission import admit_waiting, release_places
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from infra.tenants import Tenant, Tenants
from storage.database import Database, Document
from storage.records.orders import CustomerRequest, Order
from storage.reports import find_reports
from storage.tenants import leave_places, places_taken, take_place
from tests.actors.builders import BOOK, messages
from tests.builders import an_order
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def limited(deps: Deps) -> Deps:
    """Limit the tenant `small` to two reports in progress, and give the tenant `first` a priority."""
    described = {
        "small": Tenant(id="small", limit=2),
        "first": Tenant(id="first", priority=5),
    }
    return replace(deps, tenants=Tenants(described))


def orders(count: int, tenant: str = "small") -> list[Order]:
    """Return orders whose reports may be opened."""
    return [an_order(f"cs_{tenant}_{number}", tenant=tenant) for number in range(count)]


async def states(db: Database, count: int) -> list[str]:
    """Return the states of a small tenant's reports, in the order in which they came."""
    ids = [f"{order['_id']}:{BOOK}" for order in orders(count)]
    found = {report["_id"]: report["state"] for report in await find_reports(db, ids)}
    return [found[report] for report in ids]


def begun(deps: Deps) -> list[str]:
    """Return the reports for which messages wait, the next one first."""
    return [one["kwargs"]["report"] for one in messages(deps, BOOK)]


async def test_as_many_reports_are_begun_as_a_tenant_may_have(limited: Deps) -> None:
    """Of five reports two are begun, the others wait; another tenant's all are."""
    await send_all(limited, await start_orders(limited, orders(5)))
    await send_all(limited, await start_orders(limited, orders(5, "main")))
    assert await states(limited.db, 5) == ["queued", "queued", "waiting", "waiting", "waiting"]
    assert len(begun(limited)) == 7


async def test_a_place_that_comes_back_goes_to_who_waited_longest(limited: Deps, clock: StoppedClock) -> None:
    """A finished report lets the next one begin, and no more than that one."""
    for one in orders(4):
        await start_orders(limited, [one])
        clock.forward(1)
    posts = await release_places(limited, "small", [f"cs_small_0:{BOOK}"])
    assert [post.ids["report"] for post in posts] == [f"cs_small_2:{BOOK}"]
    assert await states(limited.db, 4) == ["queued", "queued", "queued", "waiting"]


async def test_an_order_that_is_placed_again_takes_no_second_place(limited: Deps) -> None:
    """Whatever is said again of an order, its report has one place and one message."""
    for _ in range(3):
        await send_all(limited, await start_orders(limited, orders(2)))
    (tenant,) = await places_taken(limited.db)
    assert len(tenant["reports"]) == 2
    assert len(begun(limited)) == 2


async def test_the_sweep_begins_what_a_crash_left_with_its_place(limited: Deps, clock: StoppedClock) -> None:
    """Who died between taking a place and queueing the report leaves it to the sweep."""
    await start_orders(limited, orders(3))
    await leave_places(limited.db, "small", [f"cs_small_0:{BOOK}"])
    assert await take_place(limited.db, "small", f"cs_small_2:{BOOK}", 2)
    await sweep_once(limited, Watch(clock))
    assert (await states(limited.db, 3))[2] == "queued"
    assert f"cs_small_2:{BOOK}" in begun(limited)


@pytest.mark.parametrize("over", [{"state": "stored"}, {"state": "dead"}, {"stopped": True}])
async def test_the_sweep_takes_back_a_place_that_nobody_needs(
    limited: Deps, clock: StoppedClock, over: Document
) -> None:
    """A report that ended keeps nobody waiting, if who ended it died before giving its place back."""
    await start_orders(limited, orders(3))
    await limited.db.reports.update_one({"_id": f"cs_small_0:{BOOK}"}, {"$set": over})
    await sweep_once(limited, Watch(clock))
    assert (await states(limited.db, 3))[2] == "queued"


async def test_an_order_that_waits_for_an_operator_keeps_no_place(limited: Deps, clock: StoppedClock) -> None:
    """Its customer has withdrawn, and its steps are parked: the next report of the brand begins meanwhile."""
    first, *others = orders(3)
    request: CustomerRequest = {"kind": "withdrawal", "at": clock.now(), "answers": {}}
    await limited.db.orders.insert_one({**first, "request": request})
    await start_orders(limited, [first, *others])
    running = {"state": "running", "slots.write": [f"{first['_id']}:{BOOK}:one@1"]}
    await limited.db.reports.update_one({"_id": f"{first['_id']}:{BOOK}"}, {"$set": running})
    await sweep_once(limited, Watch(clock))
    assert await states(limited.db, 3) == ["running", "queued", "queued"]


async def test_a_limit_that_was_lifted_keeps_nobody_waiting(limited: Deps, clock: StoppedClock) -> None:
    """With the limit gone from the tenants' file, the sweep begins all that waited."""
    await start_orders(limited, orders(4))
    await sweep_once(replace(limited, tenants=Tenants()), Watch(clock))
    assert "waiting" not in await states(limited.db, 4)


async def test_reports_of_a_tenant_with_a_priority_go_first(limited: Deps) -> None:
    """Its messages stand before those that wait already."""
    await send_all(limited, await start_orders(limited, orders(3, "main")))
    await send_all(limited, await start_orders(limited, orders(1, "first")))
    assert begun(limited)[0] == f"cs_first_0:{BOOK}"


async def test_sixteen_at_once_admit_as_many_as_there_are_places(limited: Deps) -> None:
    """However many finish and place at the same moment, no place is given twice."""
    await asyncio.gather(*(start_orders(limited, [one]) for one in orders(6)))
    await asyncio.gather(*(admit_waiting(limited, "small") for _ in range(10)))
    assert sorted(await states(limited.db, 6)) == ["queued"] * 2 + ["waiting"] * 4
