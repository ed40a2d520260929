"""T17: make part of a report again, from given steps on, under a new run; everything else is reused."""

from collections.abc import Iterable

import structlog

from actors.deps import Deps
from actors.engine.pump import pump
from actors.engine.ready import ready_complete
from actors.engine.slots import slot_of, token_of
from infra.errors import PressroomError
from storage.database import Document
from storage.errands import end_errand
from storage.orders import begin_replay, end_replay, find_order
from storage.reports import begin_report_replay, end_report_replay, report_id
from storage.slots import pull_tokens
from storage.steps import reset_step, steps_of

log = structlog.get_logger()


class ReplayIsImpossible(PressroomError):
    """The order is gone, is being replayed already, or its one letter is chosen: it is never mailed again."""


async def replay(deps: Deps, order_id: str, product: str, steps: Iterable[str]) -> None:
    """Make those steps, and all that follow from them, again. ReplayIsImpossible says why not."""
    order = await find_order(deps.db, order_id)
    if order is None:
        raise ReplayIsImpossible(f"There is no order {order_id}.")
    if order["letter"] is not None:
        raise ReplayIsImpossible(f"The {order['letter']} letter of order {order_id} is chosen already.")
    run = order["run"][product] + 1
    if not await begin_replay(deps.db, order_id, product, run, sorted(steps), deps.clock.now()):
        raise ReplayIsImpossible(f"Somebody else is replaying order {order_id}.")
    await _carry_out(deps, order_id, {"product": product, "run": run, "steps": sorted(steps)})


async def resume_replay(deps: Deps, order_id: str) -> None:
    """Finish what a crash interrupted: every step of it is safe to repeat."""
    order = await find_order(deps.db, order_id)
    if order is not None and "replay" in order:
        await _carry_out(deps, order_id, order["replay"])
    else:
        await end_errand(deps.db, order_id, "resume_replay")


async def _carry_out(deps: Deps, order_id: str, intent: Document) -> None:
    report, run = report_id(order_id, intent["product"]), intent["run"]
    await begin_report_replay(deps.db, report, run)
    steps = await steps_of(deps.db, report)
    again = following(steps, intent["steps"])
    for step in steps:  # in plan order, so that needs come first
        if step["_id"] in again and step["run"] < run:
            await _reset(deps, step, run)
    await ready_complete(deps.db, sorted(again), deps.clock.now())
    await end_report_replay(deps.db, report, run)
    await end_replay(deps.db, order_id, run)
    log.info("replay_begun", order=order_id, product=intent["product"], steps=len(again))
    await pump(deps, report)


async def _reset(deps: Deps, step: Document, run: int) -> None:
    await pull_tokens(deps.db, step["report"], slot_of(step), [token_of(step)])
    state = "waiting" if step["needs"] else "ready"
    await reset_step(deps.db, step, run, state, deps.clock.now())


def following(steps: list[Document], first: Iterable[str]) -> set[str]:
    """Return those steps and all that need them, directly or not. `steps` are in plan order."""
    found = set(first)
    for step in steps:
        if found.intersection(step["needs"]):
            found.add(step["_id"])
    return found
