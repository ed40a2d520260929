"""Orders on their way, the workers that take them further, and what there is of them on real servers."""

import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from actors.deps.process import Deps
from actors.deps.worker import WorkDeps
from actors.intake.apply import apply_events, finish_events
from actors.intake.events import Event
from actors.reports.begin_report import begin_report
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from actors.sweep.sweep import sweep_once
from actors.sweep.workers import Watch
from storage.orders import find_order
from storage.records.orders import Order
from storage.records.work import Report, Step, StepResult
from storage.reports import find_report, report_id
from storage.steps import find_step, steps_of
from tests.actors.vendors import Nobody, Press

FIXTURE = Path(__file__).parent.parent / "fixtures" / "checkout.session.completed.json"
KIND = "checkout.session.completed"
BOOK = "life_clarity"
#: The id of the order that `place` places.
ORDER = "cs_errand"


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


def session(**facts: Any) -> dict[str, Any]:
    """Return a paid session as Stripe shows it."""
    return {**json.loads(event(ORDER))["data"]["object"], **facts}


async def apply(deps: Deps, raw: bytes) -> None:
    """Apply a verified event as the webhook does."""
    await finish_events(deps, await apply_events(deps, [Event("evt", KIND, raw)]))


async def place(deps: Deps, **facts: Any) -> Order:
    """Place an order of such a session. Returns it."""
    body = {**json.loads(event(ORDER)), "data": {"object": session(**facts)}}
    await apply(deps, json.dumps(body).encode())
    return await present(deps, facts.get("id", ORDER))


async def placed(deps: Deps) -> str:
    """Return the id of an order that has just been placed."""
    order = f"cs_test_{uuid.uuid4().hex}"
    await apply(deps, event(order))
    return order


async def begun(deps: Deps) -> str:
    """Return the id of an order whose sections are queued."""
    order = await placed(deps)
    await begin_report(deps, report_id(order, BOOK))
    return order


async def with_sections(deps: Deps) -> tuple[str, list[Step]]:
    """Return the id of an order, and its sections, which are queued."""
    order = await begun(deps)
    return order, await steps(deps, order, "write")


async def with_chapters(deps: Deps, press: Press) -> tuple[WorkDeps, str, list[Step]]:
    """Return a worker, an order whose sections are written, and its chapters, which are queued."""
    worker, (order, sections) = replace(working(deps), typesetter=press), await with_sections(deps)
    for section in sections:
        await perform(worker, order, section["_id"], answering({"text": "Some words."}))
    return worker, order, await steps(deps, order, "render")


async def present(deps: Deps, order: str = ORDER) -> Order:
    """Return the order as it stands, which must be there."""
    found = await find_order(deps.db, order)
    assert found is not None
    return found


async def report_of(deps: Deps, order: str, product: str = BOOK) -> Report:
    """Return the order's report of that product as it stands, which must be there."""
    found = await find_report(deps.db, report_id(order, product))
    assert found is not None
    return found


async def steps(deps: Deps, order: str, kind: str) -> list[Step]:
    """Return the steps of one kind, in plan order."""
    return [step for step in await steps_of(deps.db, report_id(order, BOOK)) if step["kind"] == kind]


async def state(deps: Deps, step: Step) -> Step:
    """Return the step as it stands, which must be there."""
    found = await find_step(deps.db, step["_id"])
    assert found is not None
    return found


async def result_of(deps: Deps, step: Step) -> StepResult:
    """Return the result of the step, which must have one."""
    result = (await state(deps, step))["result"]
    assert result is not None
    return result


async def finish(deps: Deps, step: Step, **facts: Any) -> None:
    """Complete a step, as a worker does that dies right afterwards."""
    done = {"state": "done", "result": {}, "advanced": False, "due_at": deps.clock.now(), **facts}
    await deps.db.steps.update_one({"_id": step["_id"]}, {"$set": done})


async def sweep(deps: Deps) -> None:
    """Do one round of every duty."""
    await sweep_once(deps, Watch(deps.clock))


def messages(deps: Deps, queue: str = BOOK) -> list[dict[str, Any]]:
    """Return the messages that wait in a queue, oldest first."""
    ids: list[Any] = deps.broker.client.lrange(f"dramatiq:{queue}", 0, -1)
    data = deps.broker.client.hmget(f"dramatiq:{queue}.msgs", ids) if ids else []
    return [json.loads(one) for one in data if one]


async def alerts(deps: Deps, kind: str) -> int:
    """Return the number of events of a kind that operators are to be told."""
    return await deps.db.alerts.count_documents({"kind": kind})


def working(deps: Deps, mailer: Any = None, stripe: Any = None) -> WorkDeps:
    """Return a worker's deps."""
    nobody = Nobody()
    return WorkDeps(
        **vars(deps),
        worker="w1",
        llm=nobody,
        typesetter=nobody,
        children=nobody,
        mailer=mailer or nobody,
        stripe=stripe or nobody,
    )


def answering(result: StepResult) -> Callable[[Claim], Awaitable[StepResult]]:
    """Return work that succeeds at once."""

    async def work(claim: Claim) -> StepResult:
        del claim
        return result

    return work
