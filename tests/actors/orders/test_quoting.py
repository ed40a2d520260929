"""Errors that quote a customer: their words are in the dead letter, and nowhere else."""

import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from actors.alerts.tell_alert import tell_alert
from actors.deps.process import Deps
from actors.orders.errands.registry import run_errand
from actors.reports.advance import advance_or_call
from actors.reports.begin_report import begin_or_give_up
from actors.reports.claim import Claim
from actors.reports.perform_step import perform
from infra.mail.errors import MailServerIsBusy
from storage.alerts import raise_alert
from storage.dead_letters import dead_letters
from storage.records.mail import DeadLetter
from storage.records.work import StepResult
from tests.actors.builders import (
    ORDER,
    apply,
    event,
    finish,
    placed,
    present,
    report_of,
    with_sections,
    working,
)
from tests.actors.post import stored

pytestmark = pytest.mark.anyio

#: What only a customer and an operator with a dead letter at hand should see.
SECRET = "Ada Byron, ada@customer.example"


class Quoting:
    """Vendor whose every answer is an error that quotes a customer."""

    def __init__(self, error: Exception) -> None:
        """Fail with this error."""
        self.error = error

    def send(self, *_: Any) -> str:
        """Fail."""
        raise self.error

    async def get(self, *_: Any) -> Any:
        """Fail."""
        raise self.error

    current = get


async def told(deps: Deps, logs: list[Any], order: str | None) -> tuple[str, DeadLetter]:
    """Return all that pages, alerts and logs would say of an order, and its one dead letter."""
    alerts = [alert["text"] async for alert in deps.db.alerts.find()]
    attention = [(await present(deps, order))["attention"]] if order else []
    (letter,) = await dead_letters(deps.db, limit=2, order=order)
    return json.dumps([alerts, attention, logs, letter["reason"]], default=str), letter


async def test_a_step_that_fails_quotes_nothing(deps: Deps) -> None:
    """The order's attention, the alert and the log have the error's type; the dead letter has its words."""
    worker, (order, sections) = working(deps), await with_sections(deps)

    async def failing(claim: Claim) -> StepResult:
        del claim
        raise ValueError(SECRET)

    with capture_logs() as logs:
        await perform(worker, order, sections[0]["_id"], failing)
    said, letter = await told(deps, logs, order)
    assert SECRET not in said
    assert "is dead: ValueError." in said
    assert letter["error"] == SECRET
    assert SECRET in letter["traceback"]


async def test_a_step_that_died_in_an_older_version_quotes_nothing(deps: Deps) -> None:
    """A death that was not told yet, from a time when steps had no reason beside their error, is told without."""
    order, sections = await with_sections(deps)
    dead = {"state": "dead", "error": SECRET, "traceback": "", "done_at": deps.clock.now()}
    with capture_logs() as logs:
        await advance_or_call(deps, {**sections[0], **dead})  # type: ignore[typeddict-item]
    said, letter = await told(deps, logs, order)
    assert SECRET not in said
    assert letter["error"] == SECRET


async def test_an_errand_that_fails_quotes_nothing(deps: Deps) -> None:
    """So it is with an order's letters and refunds."""
    await stored(deps)
    with capture_logs() as logs:
        await run_errand(working(deps, mailer=Quoting(ValueError(SECRET))), "complete_order", ORDER)
    said, letter = await told(deps, logs, ORDER)
    assert SECRET not in said
    assert "complete_order failed: " in said
    assert SECRET in letter["error"] + letter["traceback"]


async def test_a_report_that_cannot_be_begun_quotes_nothing(deps: Deps) -> None:
    """So it is before there is a step."""
    order = await placed(deps)
    plans: Any = Quoting(ValueError(SECRET))
    worker = replace(working(deps), plans=plans)
    with capture_logs() as logs:
        await begin_or_give_up(worker, (await report_of(deps, order))["_id"])
    said, letter = await told(deps, logs, order)
    assert SECRET not in said
    assert "could not be begun: ValueError." in said
    assert letter["error"] == SECRET


async def test_what_follows_a_step_quotes_nothing(deps: Deps) -> None:
    """So it is when a step is done, and the plan that says what follows cannot be read."""
    order, sections = await with_sections(deps)
    await finish(deps, sections[0])
    plans: Any = Quoting(ValueError(SECRET))
    with capture_logs() as logs:
        await advance_or_call(replace(deps, plans=plans), sections[0])
    alerts = [alert["text"] async for alert in deps.db.alerts.find()]
    assert SECRET not in json.dumps([alerts, (await present(deps, order))["attention"], logs], default=str)
    assert "fails: ValueError." in alerts[0]


async def test_an_event_that_is_not_understood_quotes_nothing(deps: Deps) -> None:
    """The alert and the dead letter of an event say what is wrong and where; its raw bytes are kept elsewhere."""
    body = json.loads(event(ORDER))
    body["data"]["object"]["payment_status"] = f"\"{SECRET}\" and 'more'"
    with capture_logs() as logs:
        await apply(deps, json.dumps(body).encode())
    said, _ = await told(deps, logs, None)
    assert "Ada" not in said
    assert "payment_status" in said


async def test_an_alert_that_is_put_off_quotes_nothing(deps: Deps) -> None:
    """A mail server's words are not in the log."""
    order = await placed(deps)
    worker = working(deps, mailer=Quoting(MailServerIsBusy(f"451 not now for {SECRET}")))

    await raise_alert(deps.db, "step_dead", "Something.", deps.clock.now(), order=order)
    alert = await deps.db.alerts.find_one()
    assert alert is not None
    await deps.db.alerts.update_one({}, {"$set": {"due_at": deps.clock.now()}})
    with capture_logs() as logs:
        await tell_alert(worker, alert["_id"])
    assert logs
    assert SECRET not in json.dumps(logs, default=str)
