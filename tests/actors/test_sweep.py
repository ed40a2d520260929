"""What the sweep does about everything that a crash can leave behind, against real servers."""

import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actors.deps.held import Claims
from actors.deps.process import Deps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from actors.orders.dead_letters import resolve_dead_letter
from actors.reports.advance import give_up
from actors.reports.begin_report import begin_report
from actors.reports.replay import ReplayIsImpossible, replay, resume_replay
from actors.sweep.messages import resend_messages_of
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.audit import Authority
from storage.database import Document
from storage.dead_letters import dead_letters
from storage.events import new_event, record_events
from storage.orders import begin_replay, find_order
from storage.reports import find_report, report_id
from storage.steps import find_step, steps_of
from tests.conftest import StoppedClock

pytestmark = pytest.mark.anyio

FIXTURE = Path(__file__).parent.parent / "fixtures" / "checkout.session.completed.json"
BOOK = "life_clarity"


def event(session: str) -> bytes:
    """Return a paid session's event as Stripe sends it."""
    body: dict[str, Any] = json.loads(FIXTURE.read_text())
    body["id"] = f"evt_{uuid.uuid4().hex}"
    body["data"]["object"] |= {
        "id": session,
        "amount_subtotal": 1900,
        "currency": "usd",
        "metadata": {"product": BOOK, "name": "Ada", "question": "Whither?"},
    }
    return json.dumps(body).encode()


async def sweep(deps: Deps) -> None:
    """Do one round of every duty."""
    await sweep_once(deps, Watch(deps.clock))


async def apply(deps: Deps, raw: bytes) -> None:
    """Apply a verified event as the webhook does."""
    await finish_events(deps, await apply_events(deps, [Event("evt", "checkout.session.completed", raw)]))


async def placed(deps: Deps) -> str:
    """Return the id of an order that has just been placed."""
    session = f"cs_test_{uuid.uuid4().hex}"
    await apply(deps, event(session))
    return session


async def begun(deps: Deps) -> str:
    """Return the id of an order whose sections are queued."""
    session = await placed(deps)
    await begin_report(deps, report_id(session, BOOK))
    return session


async def steps(deps: Deps, order: str, kind: str) -> list[Document]:
    """Return the steps of one kind, in plan order."""
    return [step for step in await steps_of(deps.db, report_id(order, BOOK)) if step["kind"] == kind]


def due(errand: str, now: datetime) -> dict[str, datetime]:
    """Return the facts of an order about which an errand is due."""
    return {f"errands.{errand}": now, "errands_at": now}


async def finish(deps: Deps, step: Document, **facts: Any) -> None:
    """Complete a step, as a worker does that dies right afterwards."""
    done = {"state": "done", "result": {}, "advanced": False, "due_at": deps.clock.now(), **facts}
    await deps.db.steps.update_one({"_id": step["_id"]}, {"$set": done})


def messages(deps: Deps, queue: str = BOOK) -> list[dict[str, Any]]:
    """Return the messages that wait in a queue, oldest first."""
    ids: list[Any] = deps.broker.client.lrange(f"dramatiq:{queue}", 0, -1)
    data = deps.broker.client.hmget(f"dramatiq:{queue}.msgs", ids) if ids else []
    return [json.loads(one) for one in data if one]


async def test_an_event_that_was_recorded_and_not_applied_is_applied(deps: Deps, clock: StoppedClock) -> None:
    """A crash between recording and placing leaves an order that the sweep places and queues."""
    session = f"cs_test_{uuid.uuid4().hex}"
    await record_events(deps.db, [new_event("evt_1", "checkout.session.completed", event(session), clock.now())])
    await sweep(deps)
    assert await find_order(deps.db, session) is None
    clock.forward(5)
    await sweep(deps)
    assert await find_order(deps.db, session) is not None
    assert [message["kwargs"] for message in messages(deps)] == [{"report": report_id(session, BOOK)}]


async def test_a_lost_first_message_is_sent_again_once(deps: Deps, clock: StoppedClock) -> None:
    """A report whose message Redis lost is begun by a new one; while Redis holds it, none is sent."""
    await placed(deps)
    clock.forward(5)
    await sweep(deps)
    assert len(messages(deps)) == 1
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    await sweep(deps)
    assert [message["actor_name"] for message in messages(deps)] == ["begin_report"]


async def test_lost_messages_of_steps_are_sent_again(deps: Deps, clock: StoppedClock) -> None:
    """Every queued step whose message is gone gets one new message."""
    order = await begun(deps)
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    await sweep(deps)
    sent = {message["kwargs"]["step"] for message in messages(deps)}
    assert sent == {step["_id"] for step in await steps(deps, order, "write")}
    assert len(messages(deps)) == 4


async def test_what_the_broker_holds_waits_for_its_worker_for_as_long_as_it_takes(
    deps: Deps, clock: StoppedClock
) -> None:
    """A product whose workers are away for a night loses nothing; an operator hears of it once."""
    order = await begun(deps)
    for _ in range(60):
        clock.forward(601)
        await sweep(deps)
    assert {step["state"] for step in await steps(deps, order, "write")} == {"queued"}
    assert [alert["event"] async for alert in deps.db.alerts.find({"kind": "no_worker"})] == [BOOK]


async def test_steps_of_another_version_wait_for_its_worker(deps: Deps, clock: StoppedClock) -> None:
    """A plan that this code cannot carry out is not given up, however often its message is lost: it is told."""
    order = await begun(deps)
    await deps.db.steps.update_many({"order": order}, {"$set": {"format": 1, "sends": 20}})
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    assert {step["state"] for step in await steps(deps, order, "write")} == {"queued"}
    assert await deps.db.alerts.count_documents({"kind": "no_worker", "order": order}) == 1


async def test_a_report_whose_message_died_with_a_worker_is_begun_at_once(deps: Deps, clock: StoppedClock) -> None:
    """What a dead worker had taken of the broker is asked for again by the next round, steps and reports alike."""
    order = await placed(deps)
    report = await find_report(deps.db, report_id(order, BOOK))
    assert report is not None
    await deps.db.reports.update_one({"order": order}, {"$set": {"check_at": clock.now() + timedelta(seconds=30)}})
    worker = {"_id": "w1", "queue": BOOK, "broker_id": "dead"}
    deps.broker.client.sadd(f"dramatiq:__acks__.dead.{BOOK}", report["message"])
    deps.broker.client.lrem(f"dramatiq:{BOOK}", 0, report["message"])
    await resend_messages_of(deps, worker)
    await sweep(deps)
    assert [message["actor_name"] for message in messages(deps)] == ["begin_report"]


async def test_a_step_that_nobody_ever_claims_is_given_up(deps: Deps, clock: StoppedClock) -> None:
    """After twenty sends without a claim a step is dead, and its order waits for an operator."""
    order = await begun(deps)
    first = (await steps(deps, order, "write"))[0]
    await deps.db.steps.update_one({"_id": first["_id"]}, {"$set": {"sends": 20}})
    deps.broker.client.flushdb()
    clock.forward(5)
    await sweep(deps)
    dead = await find_step(deps.db, first["_id"])
    waiting = await find_order(deps.db, order)
    assert dead is not None
    assert waiting is not None
    assert dead["state"] == "dead"
    assert "no worker claimed it" in waiting["attention"]


async def test_what_a_done_step_unlocks_is_unlocked_after_a_crash(deps: Deps, clock: StoppedClock) -> None:
    """A worker that died right after completing leaves nothing waiting: chapter queued, slot free."""
    order = await begun(deps)
    written = (await steps(deps, order, "write"))[0]
    await finish(deps, written)
    clock.forward(5)
    await sweep(deps)
    chapter = (await steps(deps, order, "render"))[0]
    report = await find_report(deps.db, report_id(order, BOOK))
    assert report is not None
    assert chapter["state"] == "queued"
    assert len(report["slots"]["write"]) == 3
    assert len(report["slots"]["render"]) == 1
    again = await find_step(deps.db, written["_id"])
    assert again is not None
    assert again["advanced"] is True


async def test_a_slot_that_nothing_holds_is_taken_back(deps: Deps, clock: StoppedClock) -> None:
    """The slot of a settled step, and one of an older run, are leftovers; that of a running step is not."""
    order = await begun(deps)
    settled, replayed, *running = await steps(deps, order, "write")
    await finish(deps, settled, advanced=True)
    await deps.db.steps.update_one({"_id": replayed["_id"]}, {"$set": {"run": 2}})
    await sweep(deps)
    report = await find_report(deps.db, report_id(order, BOOK))
    assert report is not None
    assert report["slots"]["write"] == [f"{step['_id']}@1" for step in running]


async def test_a_ready_step_with_a_slot_is_queued(deps: Deps, clock: StoppedClock) -> None:
    """A released step whose timer died with its worker is queued again by the sweep, in the slot that it kept."""
    order = await begun(deps)
    released = (await steps(deps, order, "write"))[0]
    await deps.db.steps.update_one({"_id": released["_id"]}, {"$set": {"state": "ready", "due_at": clock.now()}})
    clock.forward(5)
    await sweep(deps)
    again = await find_step(deps.db, released["_id"])
    assert again is not None
    assert again["state"] == "queued"


async def test_an_interrupted_replay_is_finished(deps: Deps, clock: StoppedClock) -> None:
    """A crash right after a replay was written down loses none of it: the sweep has it resumed."""
    order = await begun(deps)
    written = (await steps(deps, order, "write"))[0]
    await finish(deps, written, advanced=True)
    assert await begin_replay(deps.db, order, BOOK, 2, [written["_id"]], clock.now())
    clock.forward(15)
    await sweep(deps)
    assert [one["actor_name"] for one in messages(deps, "bundle")] == ["resume_replay"]
    interrupted = await find_order(deps.db, order)
    assert interrupted is not None
    await resume_replay(deps, interrupted)
    again = await find_step(deps.db, written["_id"])
    found = await find_order(deps.db, order)
    assert again is not None
    assert found is not None
    assert (again["state"], again["run"]) == ("queued", 2)
    assert "resume_replay" not in found["errands"]
    assert {step["run"] for step in await steps(deps, order, "assemble")} == {2}
    assert {step["run"] for step in (await steps(deps, order, "write"))[1:]} == {1}


async def test_a_replay_waits_for_needs_that_are_not_done(deps: Deps, clock: StoppedClock) -> None:
    """A replayed step whose needs are still being made waits for them, and is not made from nothing."""
    order = await begun(deps)
    chapter = (await steps(deps, order, "render"))[0]
    await replay(deps, order, BOOK, [chapter["_id"]])
    again = await find_step(deps.db, chapter["_id"])
    assert again is not None
    assert (again["state"], again["run"]) == ("waiting", 2)


async def test_an_order_that_does_not_exist_is_not_replayed(deps: Deps) -> None:
    """A replay of nothing says so."""
    with pytest.raises(ReplayIsImpossible):
        await replay(deps, "cs_none", BOOK, [])


async def test_an_overdue_letter_wakes_a_worker_again(deps: Deps, clock: StoppedClock) -> None:
    """An order whose reports are stored and whose mail is not known to be sent is taken up again."""
    order = await placed(deps)
    await deps.db.orders.update_one(
        {"_id": order},
        {"$set": {"stored_at": clock.now(), **due("complete_order", clock.now())}},
    )
    await sweep(deps)
    await sweep(deps)
    assert [message["kwargs"] for message in messages(deps, "bundle")] == [{"order": order}]


async def test_a_dead_workers_messages_are_sent_again(deps: Deps, clock: StoppedClock) -> None:
    """What a dead worker had taken and not begun goes to another at once, not only when it is overdue."""
    order = await begun(deps)
    taken = deps.broker.client.lpop(f"dramatiq:{BOOK}", 10)
    assert isinstance(taken, list)
    deps.broker.client.sadd(f"dramatiq:__acks__.gone.{BOOK}", *taken)
    worker = {"_id": "w1", "beat": 1, "broker_id": "gone", "queue": BOOK}
    await deps.db.workers.insert_one(worker)
    watch = Watch(clock)
    for _ in range(4):
        await watch.bury_dead_workers(deps)
        clock.forward(2)
    sent = {message["kwargs"]["step"] for message in messages(deps) if "step" in message["kwargs"]}
    assert sent == {step["_id"] for step in await steps(deps, order, "write")}
    assert await deps.db.workers.count_documents({}) == 0


async def test_a_report_that_cannot_be_finished_calls_the_operator_and_holds_nobody_up(
    deps: Deps, clock: StoppedClock
) -> None:
    """A PDF that S3 has lost puts its order before an operator; other orders' steps are advanced all the same."""
    broken, well = await begun(deps), await begun(deps)
    assembly = (await steps(deps, broken, "assemble"))[0]
    await finish(deps, assembly, result={"object": "nowhere", "key": "nowhere.pdf"})
    clock.forward(1)
    written = (await steps(deps, well, "write"))[0]
    await finish(deps, written)
    clock.forward(5)
    await sweep(deps)
    found = await find_order(deps.db, broken)
    assert found is not None
    assert "what follows assemble fails" in found["attention"]
    assert (await steps(deps, well, "render"))[0]["state"] == "queued"


async def test_an_event_that_cannot_be_applied_holds_nobody_up(deps: Deps, clock: StoppedClock) -> None:
    """What is not understood becomes a dead letter; the paid order behind it is placed."""
    session = f"cs_test_{uuid.uuid4().hex}"
    odd = event("cs_odd").replace(b'"amount_subtotal": 1900', b'"amount_subtotal": %d' % 2**70)
    await record_events(deps.db, [new_event("evt_1", "checkout.session.completed", odd, clock.now())])
    await record_events(deps.db, [new_event("evt_2", "checkout.session.completed", event(session), clock.now())])
    clock.forward(5)
    await sweep(deps)
    assert await find_order(deps.db, session) is not None
    letters = await dead_letters(deps.db, limit=10)
    assert [letter["_id"] for letter in letters] == ["event:evt_1"]


async def test_a_report_opens_though_another_of_its_order_is_in_trouble(deps: Deps) -> None:
    """What an operator is called for later does not keep a paid order's reports from being opened."""
    order = await placed(deps)
    await deps.db.orders.update_one({"_id": order}, {"$set": {"attention": "another report is dead"}})
    await deps.db.reports.delete_many({})
    await apply(deps, event(order))
    assert await find_report(deps.db, report_id(order, BOOK)) is not None


async def test_a_report_with_room_is_served_however_many_others_are_full(deps: Deps, clock: StoppedClock) -> None:
    """Ready steps of reports that are at their bound do not hide those of a report that has room."""
    for _ in range(3):
        full = await begun(deps)
        await deps.db.steps.update_many({"order": full, "kind": "render"}, {"$set": {"state": "ready"}})
    hungry = await begun(deps)
    await deps.db.reports.update_one({"order": hungry}, {"$set": {"slots.write": []}})
    await deps.db.steps.update_many(
        {"order": hungry, "kind": "write"}, {"$set": {"state": "ready", "due_at": clock.now()}}
    )
    clock.forward(5)
    await sweep(deps)
    assert {step["state"] for step in await steps(deps, hungry, "write")} == {"queued"}


async def test_a_report_whose_message_waits_long_is_not_sent_at_every_round(
    deps: Deps, clock: StoppedClock
) -> None:
    """Past ten minutes a message is sent again once in ten minutes, and given up in the end."""
    order = await placed(deps)
    clock.forward(601)
    for _ in range(5):
        await sweep(deps)
        clock.forward(60)
    assert len(messages(deps)) == 2
    await deps.db.reports.update_one({"order": order}, {"$set": {"sends": 20}})
    clock.forward(1000)
    await sweep(deps)
    found = await find_order(deps.db, order)
    assert found is not None
    assert "no worker took it" in found["attention"]


async def test_one_of_two_operators_replays_a_dead_step(deps: Deps, clock: StoppedClock) -> None:
    """Who comes second finds the dead letter dealt with, and buys nothing again."""
    order = await begun(deps)
    first = (await steps(deps, order, "write"))[0]
    await give_up(deps, first, first["epoch"], "It failed.")
    letter = (await dead_letters(deps.db, limit=1))[0]
    await resolve_dead_letter(deps, letter["_id"], "replayed", Authority("a", "x"))
    await deps.db.dead_letters.update_one({"_id": letter["_id"]}, {"$set": {"state": "open"}})
    replayed = await find_step(deps.db, first["_id"])
    await resolve_dead_letter(deps, letter["_id"], "replayed", Authority("b", "x"))
    assert await find_step(deps.db, first["_id"]) == replayed


def test_a_duplicate_does_not_hide_what_the_first_one_holds() -> None:
    """A step is worked on until everybody who took its message is done with it."""
    claims = Claims()
    with claims.holding("s"):
        with claims.holding("s"):
            pass
        assert "s" in claims
    assert "s" not in claims
