"""What is asked about reports and steps: by begun work, by whoever does it, and by the sweep."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from storage.claims import (
    Failure,
    claim_others,
    claim_step,
    claims_of,
    complete_step,
    expire_step,
    fence_step,
    kill_step,
    lapsed_claims,
    release_step,
)
from storage.database import Database
from storage.figures import unfinished_steps
from storage.queueing import (
    keep_queued,
    make_due,
    overdue_messages,
    park_step,
    queue_batches,
    requeue_step,
    steps_of_messages,
    unpark_steps,
)
from storage.reports import (
    begin_report_replay,
    end_report_replay,
    find_report,
    find_reports,
    hurry_reports,
    keep_reports_queued,
    kill_report,
    making_times,
    new_report,
    newest_stored,
    note_download,
    open_reports,
    park_report,
    pin_plan,
    reports_of,
    requeue_report,
    revive_report,
    start_report,
    stop_reports,
    store_report,
    unbegun_reports,
    unpark_reports,
)
from storage.slots import pull_tokens, running_reports, swap_slots
from storage.steps import (
    count_steps,
    dead_steps_of,
    done_among,
    find_step,
    first_ready,
    has_live_steps,
    idle_ready_reports,
    insert_steps,
    outlines_of,
    ready_after,
    ready_steps,
    remove_late_steps,
    remove_steps,
    replan_step,
    reset_step,
    results_for,
    results_of,
    slot_holders,
    stamp_advanced,
    steps_of,
    unadvanced_steps,
    waiting_steps,
)
from storage.tenants import admit_report
from tests.builders import NOW
from tests.storage.picking import pick, pick_all
from tests.storage.plans.shop import FORMAT, PRODUCT

Ask = Callable[..., Awaitable[Any]]

_SOON = NOW + timedelta(seconds=30)


async def ask_of_work(db: Database, ask: Ask) -> None:
    """Ask all of it."""
    for questions in (_beginning, _reports, _sweeping, _readying, _holding, _replaying, _progress):
        await questions(db, ask)


async def _beginning(db: Database, ask: Ask) -> None:
    order = await pick(db.orders, paid_at=None)
    fresh = new_report(order, PRODUCT, "m-new", NOW)
    await ask(open_reports, [fresh, await pick(db.reports, state="stored")])
    await ask(stop_reports, [fresh["_id"]], 1, stopped=False)
    waiting = await pick(db.reports, state="waiting")
    await ask(admit_report, waiting["_id"], "m", NOW)
    pinned = await ask(pin_plan, fresh["_id"], f"{PRODUCT}-1", NOW)
    steps = await pick_all(db.steps, 5, report=(await pick(db.reports, state="stored"))["_id"])
    await ask(insert_steps, [{**step, "_id": f"new-{step['_id']}", "report": fresh["_id"]} for step in steps])
    assert await ask(start_report, pinned["_id"], f"{PRODUCT}-1", {"write": [], "render": []})
    await ask(remove_late_steps, [f"new-{steps[0]['_id']}"], f"{PRODUCT}-1", 2)


async def _reports(db: Database, ask: Ask) -> None:
    overdue = await ask(unbegun_reports, NOW, 500)
    assert overdue
    first, last = overdue[0], overdue[-1]
    await ask(keep_reports_queued, overdue[1:], NOW)
    await ask(requeue_report, first, "m2", NOW)
    await ask(hurry_reports, [last["message"], "m:none"], NOW)
    await ask(park_report, last["_id"], NOW)
    await ask(unpark_reports, [last["_id"]], NOW)
    await ask(kill_report, last["_id"])
    await ask(revive_report, last["_id"], "m3", NOW)
    await ask(find_report, last["_id"])
    await ask(find_reports, [first["_id"], last["_id"]])
    await ask(reports_of, [await pick(db.orders, _id=last["order"])])


async def _sweeping(db: Database, ask: Ask) -> None:
    for report in (await ask(running_reports, "", 20))[:3]:
        tokens = report["slots"]["write"]
        await ask(slot_holders, [token.rpartition("@")[0] for token in tokens])
        await ask(swap_slots, report, {"write": tokens[1:]}, {}, queueing=True)
        await ask(pull_tokens, report["_id"], "write", tokens)
    crowded = await pick_all(db.steps, 3, state="ready", seq=0)
    await ask(idle_ready_reports, [step["report"] for step in crowded], "write", NOW)
    overdue = await ask(overdue_messages, NOW, 500)
    await ask(keep_queued, overdue[1:], NOW)
    await ask(requeue_step, overdue[0], "m2", NOW)
    found = await ask(steps_of_messages, [f"{step['message']}:{step['_id']}" for step in overdue])
    await ask(park_step, found[0]["_id"], found[0]["due_at"])
    await ask(unpark_steps, [found[0]["report"]], NOW)
    await ask(claims_of, "w1")
    for lapsed in (await ask(lapsed_claims, NOW, 500))[:1]:
        assert await ask(expire_step, lapsed, "m4", NOW)
    await ask(unadvanced_steps, NOW, 500)
    assert await ask(unfinished_steps)


async def _readying(db: Database, ask: Ask) -> None:
    waiting = await pick_all(db.steps, 4, state="waiting", kind="render")
    needed = [need for step in waiting for need in step["needs"]]
    ids = [step["_id"] for step in waiting]
    await ask(done_among, needed)
    await ask(ready_steps, await ask(waiting_steps, ids), NOW)
    later = await pick_all(db.steps, 4, state="waiting", kind="assemble")
    await ask(ready_after, [step["_id"] for step in later], 1, NOW)
    ready = await ask(first_ready, later[0]["report"], "render", 4)
    await ask(queue_batches, [ready], NOW)
    crowded = await pick(db.steps, state="ready", kind="write", due_at={"$lte": NOW})
    pair = await ask(first_ready, crowded["report"], "write", 2)
    await ask(queue_batches, [pair], NOW)
    first = await ask(claim_step, pair[0]["_id"], "w1", [FORMAT], _SOON)
    assert len(await ask(claim_others, first, "w1", _SOON)) == 1
    await ask(find_step, ready[0]["_id"])
    await ask(make_due, ready[0], ready[0]["epoch"], NOW)


async def _holding(db: Database, ask: Ask) -> None:
    queued = await pick_all(db.steps, 4, state="queued")
    held = [await ask(claim_step, seen["_id"], "w1", [FORMAT], _SOON) for seen in queued]
    done, released, killed, _ = held
    for step in held:
        assert await ask(fence_step, step, step["epoch"], _SOON)
    assert await ask(complete_step, done, done["epoch"] + 1, {"text": "Words."}, NOW)
    assert await ask(release_step, released["_id"], released["epoch"] + 1, _SOON, Failure(1, NOW, NOW))
    assert await ask(kill_step, killed, killed["epoch"] + 1, "No.", "", NOW)
    await ask(stamp_advanced, [done])


async def _replaying(db: Database, ask: Ask) -> None:
    report = await pick(db.reports, state="stored", pdf={"$ne": None})
    steps = await ask(steps_of, report["_id"])
    await ask(outlines_of, [report["_id"], "cs_new:book"])
    await ask(results_of, [step["_id"] for step in steps])
    await ask(results_for, steps[-1])
    await ask(begin_report_replay, report["_id"], 2)
    await ask(begin_report_replay, report["_id"], 3, "plan")
    await ask(replan_step, steps[-1], 2)
    await ask(remove_steps, [steps[-1]], 1)
    await ask(reset_step, steps[-1], 2, "waiting", NOW)
    await ask(end_report_replay, report["_id"], 2)
    await ask(store_report, report["_id"], 2, {"key": "k"}, NOW)


async def _progress(db: Database, ask: Ask) -> None:
    report = await pick(db.reports, state="stored")
    await ask(count_steps, [report["_id"], "none"])
    await ask(has_live_steps, report["_id"])
    await ask(has_live_steps, report["_id"], or_dead=True)
    dead = [report["_id"], (await pick(db.steps, state="dead"))["report"]]
    await ask(dead_steps_of, dead)
    await ask(dead_steps_of, dead, or_undone=True)
    await ask(note_download, report["_id"], NOW)
    assert len(await ask(newest_stored, [PRODUCT, "other"], 100)) == 100
    await ask(making_times, PRODUCT, NOW - timedelta(days=7), 50)
