"""What operators do about an order on its page: each act done once, refused once, and not for everybody."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from handlers.ops.possible import ActName
from tests.handlers.ops.browser import Browser
from tests.pressroom import Pressroom

OpenBrowser = Callable[[str], Browser]

ACTS = get_args(ActName)


def send(browser: Browser, order: str, act: str, /, **fields: str) -> Any:
    """Send the form of an act, with a reason."""
    fields = {"reason": "she wrote to us", **fields}
    return browser.post(f"/ops/orders/{order}/{act}", form_key=browser.form_key(), **fields)


def found(house: Pressroom, order: str) -> Any:
    """Return the order as MongoDB has it."""
    return house.db.orders.find_one({"_id": order})


def trail(house: Pressroom, order: str) -> list[tuple[str, str]]:
    """Return who did what to an order."""
    return [(one["who"], one["action"]) for one in house.db.audit.find({"order": order})]


def deliver(house: Pressroom, order: str) -> None:
    """Have an order delivered, as far as its record says."""
    now = datetime.now(UTC)
    facts = {
        "delivered_at": now,
        "stored_at": now,
        "letter": "completion",
        "stored": ["life_clarity"],
        "errands": {},
    }
    house.db.orders.update_one({"_id": order}, {"$set": facts})
    house.db.reports.update_many({"order": order}, {"$set": {"state": "stored"}})


def test_reports_are_sent_again(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Once they were delivered; before that one line says that they were not, and no form is shown."""
    order, browser = house.buy(), browser_of("olaf")
    refused = send(browser, order, "resend")
    assert (refused.status_code, "were not sent yet" in refused.text) == (422, True)
    assert f"/ops/orders/{order}/resend" not in browser.get(f"/ops/orders/{order}").text
    deliver(house, order)
    assert f"/ops/orders/{order}/resend" in browser.get(f"/ops/orders/{order}").text
    done = send(browser, order, "resend")
    assert (done.status_code, done.headers["location"]) == (303, f"/ops/orders/{order}")
    assert "resend_reports" in found(house, order)["errands"]
    assert trail(house, order) == [("olaf", "resent")]


def test_an_address_is_corrected_and_the_mail_sent_again(house: Pressroom, browser_of: OpenBrowser) -> None:
    """In one act, also where the wrong address had taken the mail; what is no address is refused."""
    order, browser = house.buy(), browser_of("olaf")
    deliver(house, order)
    refused = send(browser, order, "readdress", email="nobody")
    assert (refused.status_code, "no mail address" in refused.text) == (422, True)
    assert send(browser, order, "readdress", email="right@customer.example").status_code == 303
    assert found(house, order)["email"] == "right@customer.example"
    assert "resend_reports" in found(house, order)["errands"]
    assert trail(house, order) == [("olaf", "readdressed"), ("olaf", "resent")]
    said = house.cli("orders", "readdress", order, "ada@customer.example", "--send", "--reason", "it was wrong")
    assert said == f"{order} readdressed; mails sent again: 1\n"


def test_a_gifts_recipient_is_seen_and_readdressed(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Masked on the page with its day, in clear in the evidence; the address is chosen by whose it is."""
    order, browser = house.buy(), browser_of("olaf")
    day = datetime(2026, 12, 24, 8, tzinfo=UTC)
    gift = {"email": "reader@gift.example", "giver": "Grace", "message": "<Read>", "at": day}
    house.db.orders.update_one({"_id": order}, {"$set": {"gift": gift}})
    page = browser.get(f"/ops/orders/{order}").text
    assert ("2026-12-24 08:00 on" in page, "r•••@g•••.example" in page, "reader@" in page) == (True, True, False)
    assert "reader@gift.example, as the customer asked, from 2026-12-24" in send(browser, order, "evidence").text
    assert send(browser, order, "readdress", email="next@gift.example", of_gift="yes").status_code == 303
    reason = ("--reason", "the giver wrote to us")
    house.cli("orders", "readdress", order, "ada@customer.example", *reason)
    assert (found(house, order)["gift"]["email"], found(house, order)["email"]) == (
        "next@gift.example",
        "ada@customer.example",
    )
    house.cli("orders", "readdress", order, "last@gift.example", "--gift", *reason)
    assert "last@gift.example" in house.cli("orders", "customer", order, *reason)
    assert "gift at" in house.cli("orders", "show", order)


def test_an_objection_is_judged_again(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Retrying asks for it; an order of which nothing is dead has nothing to retry."""
    well, objected, browser = house.buy(), house.buy(amount_subtotal=100), browser_of("olaf")
    refused = send(browser, well, "retry")
    assert (refused.status_code, "is dead or objected to" in refused.text) == (422, True)
    assert send(browser, objected, "retry").status_code == 303
    assert "identify_order" in found(house, objected)["errands"]


def test_a_paused_order_is_resumed(house: Pressroom, browser_of: OpenBrowser) -> None:
    """With a budget of its own; one that is too small, or is no number, is refused."""
    order, browser = house.buy(), browser_of("olaf")
    pause = {"reason": "Spent.", "call_usd": 0.5, "holds": True, "number": 1}
    house.db.orders.update_one({"_id": order}, {"$set": {"pause": pause}})
    for budget, why in (("0.1", "may cost 0.50"), ("nan", "A budget is a number"), ("-1", "A budget is a number")):
        refused = send(browser, order, "resume", budget=budget)
        assert (budget, refused.status_code, why in refused.text) == (budget, 422, True)
    assert send(browser, order, "resume", budget="5").status_code == 303
    assert (found(house, order)["pause"]["holds"], found(house, order)["budget_usd"]) == (False, 5.0)
    assert send(browser, order, "resume").status_code == 422


def test_a_remake_that_a_customer_asks_for_is_granted_or_set_aside(
    house: Pressroom, browser_of: OpenBrowser
) -> None:
    """Quoted first, with the customer masked; granted by one form; also by commands, and never twice."""
    asked = {"kind": "remake", "at": datetime.now(UTC), "answers": {"name": "Grace Hopper"}}
    order, other, browser = house.buy(), house.buy(), browser_of("olaf")
    refused = send(browser, order, "remake")
    assert (refused.status_code, "asks for no remake" in refused.text) == (422, True)
    for one in (order, other):
        house.db.orders.update_one({"_id": one}, {"$set": {"request": asked}})
    assert {row["order_id"] for row in house.json("orders", "waiting")} >= {order, other}
    quoted = browser.get(f"/ops/orders/{order}/remake").text
    assert ("Grant it" in quoted, "Hopper" in quoted) == (True, False)
    assert send(browser, order, "remake").status_code == 303
    assert found(house, order)["answers"]["name"] == "Grace Hopper"
    assert trail(house, order) == [("olaf", "corrected")]
    why = ("--reason", "it was right")
    page = browser.get(f"/ops/orders/{other}").text
    assert ("Put aside the remake" in page, "Put aside the withdrawal" in page) == (True, False)
    set_aside = ("orders", "set-aside", other, "--request", "withdrawal", *why)
    assert "asks for no withdrawal" in house.cli(*set_aside, code=1)
    assert "would be made again: name" in house.cli("orders", "remake", other, *why, "--dry-run")
    assert (
        house.cli("orders", "set-aside", other, "--request", "remake", *why)
        == f"{other}: the request is set aside\n"
    )
    assert "asks for no remake" in house.cli("orders", "remake", other, *why, code=1)
    assert send(browser, other, "set_aside_remake").status_code == 422


def test_a_refund_shows_first_what_goes_back(house: Pressroom, browser_of: OpenBrowser) -> None:
    """By Stripe's own word, to an owner alone; done, it is chosen, and cannot be chosen twice."""
    session = house.checkout({"product": "life_clarity", "name": "Grace", "question": "What next?"})
    house.stack.stripe.pay(session, house.email)
    house.until("the order", lambda: found(house, session) and found(house, session)["paid_at"])
    browser = browser_of("olga")
    assert "19.00 USD" in browser.get(f"/ops/orders/{session}/refund").text
    assert found(house, session)["letter"] is None
    assert browser_of("olaf").get(f"/ops/orders/{session}/refund").status_code == 403
    assert send(browser_of("olaf"), session, "refund").status_code == 403
    assert send(browser, session, "refund").status_code == 303
    assert found(house, session)["letter"] == "refund"
    again = send(browser, session, "refund")
    assert (again.status_code, "chosen already" in again.text) == (422, True)
    assert trail(house, session) == [("olga", "refunded")]


def test_forgetting_takes_the_orders_id_once_more(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Another text does nothing, nor does an operator's word; an order that is being made is refused."""
    order, browser = house.buy(), browser_of("olga")
    early = send(browser, order, "forget", confirmation=order)
    assert (early.status_code, "cannot be forgotten yet" in early.text) == (422, True)
    deliver(house, order)
    assert "cannot be undone" in browser.get(f"/ops/orders/{order}/forget").text
    wrong = send(browser, order, "forget", confirmation="yes")
    assert (wrong.status_code, "Repeat the order&#39;s id" in wrong.text) == (422, True)
    assert send(browser_of("olaf"), order, "forget", confirmation=order).status_code == 403
    assert found(house, order)["errands"] == {}
    assert send(browser, order, "forget", confirmation=order).status_code == 303
    assert "forget_order" in found(house, order)["errands"]


def test_a_customer_is_masked_until_asked_for(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Address, answers and link are shown to an operator once, for a reason that the trail keeps."""
    secret = {"name": "Émilie du Châtelet", "question": "Shall I marry?", "birth_date": "1990-12-31"}
    order = house.buy(
        metadata={"product": "life_clarity", **secret}, customer_details={"email": "emilie@customer.example"}
    )
    link, browser = house.order(order)["url"], browser_of("olaf")
    private = ("Châtelet", "Shall I marry", "1990-12-31", "emilie@customer.example", link)
    masked = browser.get(f"/ops/orders/{order}").text
    assert "e•••@c•••.example" in masked
    assert [one for one in private if one in masked] == []
    assert send(browser, order, "show", reason=" ").status_code == 422
    shown = send(browser, order, "show")
    assert (shown.status_code, [one for one in private if one not in shown.text]) == (200, [])
    assert [one for one in private if one in browser.get(f"/ops/orders/{order}").text] == []
    assert trail(house, order) == [("olaf", "looked at")]
    (ticket,) = {house.cli("orders", "ticket", order)}
    assert order in ticket
    assert [one for one in private if one in ticket] == []
    told = house.json("orders", "customer", order, "--reason", "she called")
    assert (told["email"], told["answers"]["name"]) == ("emilie@customer.example", "Émilie du Châtelet")


def test_a_correction_is_quoted_before_it_is_made(house: Pressroom, browser_of: OpenBrowser) -> None:
    """A quote changes nothing; a correction keeps what was there before, and reads dates as the intake does."""
    order, browser = house.buy(), browser_of("olaf")
    unread = send(browser, order, "correct", birth_date="31.12.1990")
    assert (unread.status_code, "is not understood" in unread.text) == (422, True)
    assert "no answer 'colour'" in house.cli(
        "orders", "correct", order, "--answer", "colour=red", "--reason", "x", code=2
    )
    assert "NAME=VALUE" in house.cli("orders", "correct", order, "--answer", "birth_time", "--reason", "x", code=2)
    same = send(browser, order, "correct", name="Ada Byron")
    assert (same.status_code, "differs" in same.text) == (422, True)
    quoted = send(browser, order, "correct", name="Ada Lovelace")
    assert (quoted.status_code, "In all" in quoted.text, 'value="Ada Lovelace"' in quoted.text) == (
        200,
        True,
        True,
    )
    assert found(house, order)["answers"]["name"] == "Ada Byron"
    assert send(browser, order, "correct", name="Ada Lovelace", sure="yes").status_code == 303
    kept = found(house, order)
    assert kept["answers"]["name"] == "Ada Lovelace"
    assert (kept["corrections"][0]["before"], kept["corrections"][0]["who"]) == ({"name": "Ada Byron"}, "olaf")
    (entry,) = house.db.audit.find({"order": order})
    assert (entry["action"], entry["subject"]) == ("corrected", "name")


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"stopped": True}, "refunded"),
        ({"on_hold": True}, "disputed"),
        ({"forgotten_at": datetime.now(UTC)}, "forgotten"),
        ({"letter": "completion"}, "on its way"),
    ],
)
def test_what_is_over_is_not_corrected(
    house: Pressroom, browser_of: OpenBrowser, facts: dict[str, Any], why: str
) -> None:
    """An order that is refunded, disputed, forgotten or just being mailed keeps its answers."""
    order = house.buy()
    house.db.orders.update_one({"_id": order}, {"$set": facts})
    refused = send(browser_of("olaf"), order, "correct", name="Ada Lovelace", sure="yes")
    assert (refused.status_code, why in refused.text) == (422, True)
    said = house.cli("orders", "correct", order, "--answer", "name=Ada Lovelace", "--reason", "x", code=1)
    assert (why in said, said.count("\n")) == (True, 1)
    assert found(house, order)["answers"]["name"] == "Ada Byron"


def test_a_viewer_sees_no_form_and_does_nothing(house: Pressroom, browser_of: OpenBrowser) -> None:
    """Whatever a viewer sends, and whatever comes from elsewhere, is refused, and the order stays as it is."""
    order, viewer, operator = house.buy(), browser_of("vera"), browser_of("olaf")
    before = found(house, order)
    shown = viewer.get(f"/ops/orders/{order}").text
    assert [name for name in ACTS if f"/ops/orders/{order}/{name}" in shown] == []
    assert 'name="reason"' not in shown
    assert viewer.get(f"/ops/orders/{order}/correct").status_code == 403
    for name in ACTS:
        forged = operator.post(
            f"/ops/orders/{order}/{name}",
            origin="https://evil.example",
            form_key=operator.form_key(),
            reason="why",
        )
        unkeyed = operator.post(f"/ops/orders/{order}/{name}", reason="why not")
        refused = [send(viewer, order, name, sure="yes"), forged, unkeyed]
        assert (name, [one.status_code for one in refused]) == (name, [403] * 3)
    assert operator.get(f"/ops/orders/{order}/nothing").status_code == 404
    assert send(operator, order, "nothing").status_code == 404
    assert found(house, order) == before


def test_the_mail_desk_lists_what_servers_said(house: Pressroom, browser_of: OpenBrowser) -> None:
    """The newest first, by state, with addresses masked: on the page, on the order's, and on the command line."""
    orders = [house.buy() for _ in range(2)]
    for number, (order, state) in enumerate(zip(orders, ("sent", "refused"), strict=True)):
        letter: dict[str, Any] = {"_id": f"{order}:completion", "order": order, "kind": "completion", "epoch": 2}
        letter |= {"message_id": f"<m{number}@shop.example>", "state": state, "tries": 1}
        letter |= {"until": datetime(2098, 1, 1 + number, tzinfo=UTC)}
        said = {"error": "550 <ada@customer.example> unknown"}
        if state == "sent":
            said = {"sent_at": letter["until"], "accepted": [{"at": letter["until"], "answer": "250 OK"}]}  # type: ignore[dict-item]
        house.db.deliveries.insert_one({**letter, **said})
    shown = browser_of("vera").get("/ops/mail").text
    assert shown.index(orders[1]) < shown.index(orders[0])
    assert ("550 &lt;a•••@c•••.example&gt; unknown" in shown, "ada@customer.example" in shown) == (True, False)
    refused = browser_of("vera").get("/ops/mail?state=refused").text
    assert [order in refused for order in orders] == [False, True]
    on_page = browser_of("vera").get(f"/ops/orders/{orders[1]}").text
    assert ("a•••@c•••.example" in on_page, "ada@customer.example" in on_page) == (True, False)
    listed = house.json("mails", "list", "--state", "refused")
    assert [(one["order_id"], one["said"]) for one in listed] == [(orders[1], "550 <a•••@c•••.example> unknown")]
