"""Every question that operators' lists and acts ask of MongoDB: of alerts, pauses of work and sums of money."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from storage.alerts import (
    find_alert,
    open_alerts,
    raise_alert,
    settle_alert,
    settled_alerts,
    settled_alerts_about,
    snooze_alert,
)
from storage.database import Database
from storage.day_sums import day_sums, days_before, sum_day
from storage.work_pauses import (
    PROVIDER,
    drop_work_pause,
    end_work_pause,
    find_work_pauses,
    keep_work_pause,
    put_off_report,
    put_off_step,
    unfinished_reports,
    wake_put_off,
)
from tests.builders import NOW
from tests.storage.picking import pick
from tests.storage.plans.shop import PRODUCT

Ask = Callable[..., Awaitable[Any]]


async def ask_of_desk(db: Database, ask: Ask) -> None:
    """Ask all of it."""
    for questions in (_alerts, _pauses, _sums):
        await questions(db, ask)


async def _alerts(db: Database, ask: Ask) -> None:
    assert await ask(open_alerts, 10)
    for event in ("evt_1", "evt_2"):
        await raise_alert(db, "desk", "It broke.", NOW, event=event)
    first, second = await db.alerts.find({"kind": "desk"}).to_list()
    assert await ask(find_alert, first["_id"])
    assert await ask(snooze_alert, first, NOW + timedelta(days=1))
    assert await ask(settle_alert, second, "Olga", "mended")
    assert await ask(settled_alerts, 10)
    await ask(settled_alerts_about, ["cs_1", "cs_2"])


async def _pauses(db: Database, ask: Ask) -> None:
    end = NOW + timedelta(days=2)
    await ask(
        keep_work_pause, {"_id": f"product:{PRODUCT}", "who": "Olga", "reason": "r", "at": NOW, "until": end}
    )
    assert await ask(find_work_pauses)
    await ask(put_off_step, (await pick(db.steps, state="queued"))["_id"], end)
    await ask(put_off_report, (await pick(db.reports, state="queued"))["_id"], end)
    assert await ask(unfinished_reports, f"product:{PRODUCT}", 1000)
    assert await ask(unfinished_reports, PROVIDER, 1000)
    now = NOW + timedelta(days=1)
    assert await ask(end_work_pause, f"product:{PRODUCT}", now)
    (ended,) = await find_work_pauses(db)
    assert await ask(wake_put_off, ended, now, 500)
    await ask(drop_work_pause, f"product:{PRODUCT}", now + timedelta(minutes=1))


async def _sums(db: Database, ask: Ask) -> None:
    del db
    days = days_before(NOW, 30)
    summed = await ask(sum_day, days[1], None, NOW)
    assert summed["takings"]
    await ask(day_sums, days)
