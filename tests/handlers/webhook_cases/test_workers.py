"""The cases that go on behind the front door: 47, 50, 52, 64 to 68 and 71 with every process at work."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.stack import Stack
from tests.handlers.webhook_cases.cases import (
    accept,
    again,
    alerts,
    assert_nobody_named,
    assert_nothing_failed,
    dispute_of,
    disputed,
    documents,
    messages,
    one,
    session_of,
)
from tests.hook import Hook
from tests.infra.local.stripe_client import connect, open_session, params
from tests.pressroom import ANSWERS, Pressroom

OPERATOR = "operator-of-the-cases@pressroom.example"
OLD_VERSION = "2020-08-27"


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """The operators' webhook."""
    with Hook() as running:
        yield running


@pytest.fixture(scope="module")
def processes(stack: Stack, hook: Hook) -> Iterator[Pressroom]:
    """Web, sweep and a worker a queue, with an operator of their own."""
    with Pressroom(stack, ALERT_MAIL=OPERATOR, ALERT_WEBHOOK_URL=hook.url) as running:
        running.start_missing()
        yield running
        running.forget()


@pytest.fixture
def pressroom(processes: Pressroom) -> Iterator[Pressroom]:
    """Those processes on an empty database; none of them names a customer in a log line, or fails."""
    processes.forget()
    yield processes
    assert_nobody_named(processes)
    assert_nothing_failed(processes)


def placed(pressroom: Pressroom, order: str) -> dict[str, Any]:
    """Return an order once a report of it is opened."""
    pressroom.until("report", lambda: pressroom.db.reports.find_one({"order": order}))
    return one(pressroom, "orders", _id=order)


def until_applied(pressroom: Pressroom) -> None:
    """Return once the one event is marked: a worker does that while its order is begun already."""
    pressroom.until("mark", lambda: one(pressroom, "events")["state"] == "applied")


def test_case_47_stripes_word_counts(pressroom: Pressroom) -> None:
    """The session is fetched in our version of the API, and wins over the event's own shape."""
    stack = pressroom.stack
    session = open_session(connect(stack), metadata={"product": "life_clarity", **ANSWERS})
    stack.stripe.hold_deliveries()
    stack.stripe.pay(session.id, pressroom.email)
    stack.stripe.resume_deliveries()
    old = pressroom.event(id=session.id, amount_subtotal=1, currency="eur", metadata={}, customer_details=None)
    accept(pressroom, {**old, "api_version": OLD_VERSION})
    order = placed(pressroom, session.id)
    assert (order["product"], order["answers"], order["email"]) == ("life_clarity", ANSWERS, pressroom.email)
    assert (order["objection"], order["attention"]) == (None, None)
    until_applied(pressroom)
    pressroom.until_delivered(session.id)


def test_case_47_stripe_cannot_say(pressroom: Pressroom) -> None:
    """If Stripe shows no such session, the event's own shape must do: what is paid does not wait."""
    event = pressroom.event()
    accept(pressroom, {**event, "api_version": OLD_VERSION})
    assert placed(pressroom, session_of(event))["answers"] == ANSWERS
    until_applied(pressroom)
    pressroom.until_delivered(session_of(event))


def test_case_50_a_dead_step_stays_dead(pressroom: Pressroom) -> None:
    """Neither the same event nor another about its session revives what has died, or wakes anybody."""
    event, section = pressroom.event(), "what_pulls_you"
    pressroom.stack.llm.add_faults({"status": 400, "section": section})
    accept(pressroom, event)

    def still() -> bool:
        steps = list(pressroom.db.steps.find({"order": session_of(event)}))
        states = {step["state"] for step in steps}
        stamped = not any("due_at" in step for step in steps)
        return "dead" in states and states <= {"dead", "done", "waiting"} and stamped and not messages(pressroom)

    pressroom.until("the end of all that can be done", still)
    before = [pressroom.db[name].find().sort("_id").to_list() for name in ("reports", "steps", "dead_letters")]
    accept(pressroom, event, again(event))
    assert [
        pressroom.db[name].find().sort("_id").to_list() for name in ("reports", "steps", "dead_letters")
    ] == before
    assert not messages(pressroom)


def test_case_52_67_68_an_operator_hears(pressroom: Pressroom, hook: Hook) -> None:
    """Each happening is one mail to the operator and one post to their webhook, within 15 s, naming what it is."""
    paid, other = pressroom.event(), pressroom.event()
    wrong = [
        pressroom.event(metadata={**ANSWERS, "product": "life_clarity", "tenant": 5}),
        pressroom.event(metadata={**ANSWERS, "product": "unheard_of"}),
        pressroom.event(amount_subtotal=1),
    ]
    accept(pressroom, paid, {**other, "id": paid["id"]}, *wrong)
    told = {("event_conflict", None, paid["id"])} | {("needs_attention", session_of(one), None) for one in wrong}

    def heard() -> list[dict[str, Any]]:
        return [post for post in hook.posts if (post["kind"], post["order"], post["event"]) in told]

    pressroom.until("posts", lambda: len(heard()) >= len(told), patience_s=15)
    assert all(post["text"] and set(post) == {"kind", "order", "event", "text"} for post in heard())
    pressroom.until("telling", lambda: pressroom.db.alerts.count_documents({"state": "told"}) == len(told))
    assert {(post["kind"], post["order"], post["event"]) for post in heard()} == told
    assert len(heard()) == len(told)
    letters = pressroom.stack.inbox.letters(to=OPERATOR)
    for kind, order, event in told:
        (letter,) = [letter for letter in letters if (order or event or "") in letter.text]
        assert kind in letter.subject


def test_an_operator_whose_hook_fails_hears_by_mail(pressroom: Pressroom, hook: Hook) -> None:
    """A hook that is gone or broken keeps no mail back; an alert that it will never take is not kept for it."""
    gone, broken = session_of(pressroom.event()), session_of(pressroom.event())
    hook.answers = {gone: 410, broken: 500}
    for order in (gone, broken):
        pressroom.buy(id=order, amount_subtotal=1)

    def told() -> dict[str, tuple[str, ...]]:
        return {alert["order"]: (alert["state"], *sorted(alert["told"])) for alert in pressroom.db.alerts.find()}

    ends = {gone: ("told", "mail"), broken: ("new", "mail")}
    pressroom.until("telling", lambda: told() == ends)
    pressroom.until("answer", lambda: "ALERT_WEBHOOK_URL answered 500" in pressroom.part("worker-bundle").output())
    assert told() == ends
    assert hook.posted(gone) == 1
    letters = pressroom.stack.inbox.letters(to=OPERATOR)
    assert [sum(order in letter.text for letter in letters) for order in ends] == [1, 1]
    assert not any(hook.secret in part.output() for part in pressroom.parts)


def test_case_66_the_price_names_the_product(pressroom: Pressroom) -> None:
    """What a session's metadata does not say its price may: looked up at Stripe, it begins, and nobody is told."""
    stripe = connect(pressroom.stack)
    price = stripe.v1.prices.create(
        {
            "currency": "usd",
            "unit_amount": 1900,
            "lookup_key": "life_clarity",
            "product_data": {"name": "Life Clarity"},
        }
    )
    session = stripe.v1.checkout.sessions.create(
        params(line_items=[{"quantity": 1, "price": price.id}], metadata=ANSWERS)
    )
    pressroom.stack.stripe.pay(session.id, pressroom.email)
    order = placed(pressroom, session.id)
    assert (order["product"], order["objection"], order["attention"]) == ("life_clarity", None, None)
    assert alerts(pressroom) == []


def test_case_66_the_price_names_a_product_of_another_shop(pressroom: Pressroom) -> None:
    """Stripe is asked once. Then nothing is left of it but the event, which says that nothing in it is ours."""
    stripe = connect(pressroom.stack)
    items = [
        {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 1900, "product_data": {"name": "Mug"}}}
    ]
    session = stripe.v1.checkout.sessions.create(params(line_items=items, metadata={"invoice": "7"}))
    pressroom.stack.stripe.pay(session.id, pressroom.email)
    ignored = {"about": session.id, "state": "ignored", "tries": 2}
    pressroom.until("looking", lambda: pressroom.db.events.find_one(ignored))
    pressroom.until("quiet", lambda: not messages(pressroom))
    assert pressroom.db.orders.find_one({"_id": session.id}) is None
    assert alerts(pressroom) == []
    found = pressroom.json("reconcile", "--since", "1h", "--dry-run")
    assert session.id not in {row["about"] for row in found}


def test_case_64_65_a_dispute_holds_delivery_until_it_is_won(pressroom: Pressroom) -> None:
    """Disputed while it is written, an order is finished and waits; once the dispute is won, it is delivered."""
    pressroom.stack.llm.set_latency(0.5)
    event = pressroom.event()
    order, dispute = session_of(event), dispute_of(event)
    accept(pressroom, event)
    pressroom.until("writing", lambda: pressroom.db.steps.find_one({"state": "claimed"}))
    accept(pressroom, disputed(dispute))
    pressroom.until("storing", lambda: pressroom.db.orders.find_one({"_id": order, "stored_at": {"$ne": None}}))
    pressroom.until("quiet", lambda: not messages(pressroom))
    shown = pressroom.order(order)
    assert (shown["state"], shown["on_hold"], shown["mails"]) == ("delivering", True, [])
    accept(pressroom, disputed(dispute, "won"))
    shown = pressroom.until_delivered(order)
    assert (shown["state"], shown["on_hold"]) == ("delivered", False)
    assert len(pressroom.letters(order)) == 1


def test_case_71_markup_is_escaped_in_letters(pressroom: Pressroom) -> None:
    """A customer's name is text in the letter that asks for what is missing."""
    order = pressroom.buy(metadata={"product": "life_clarity", "name": "<b>Zoë</b>"})
    (letter,) = pressroom.until("letter", lambda: pressroom.letters(order))
    assert "<b>Zoë" not in letter.html
    assert "&lt;b&gt;Zoë" in letter.html
    assert documents(pressroom)["reports"] == 0
