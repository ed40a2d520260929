"""The order's page and its button: what a customer sees, asks for, and is told, with no script running."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests import plain_http
from tests.fail_points import failing
from tests.pressroom import Pressroom
from tests.raw_http import answer, connected, head

PDF = {"key": "k", "object": "o", "sha256": "x", "pages": 12, "bytes": 1_200_000}


def delivered(door: Pressroom, **facts: Any) -> dict[str, Any]:
    """Return an order as shown, made a delivered one."""
    order = door.buy()
    now = datetime.now(UTC)
    done = {"stored": ["life_clarity"], "stored_at": now, "letter": "completion", "delivered_at": now, **facts}
    door.db.orders.update_one({"_id": order}, {"$set": done})
    door.db.reports.update_one(
        {"order": order}, {"$set": {"state": "stored", "pdf": PDF, "began_at": now, "stored_at": now}}
    )
    shown: dict[str, Any] = door.order(order)
    return shown


def test_a_delivered_order_shows_its_reports_and_a_button(front_door: Pressroom) -> None:
    """The page has the download, its pages and size, and a plain form that asks for the mail again."""
    order = delivered(front_door)
    shown = plain_http.get(order["url"])
    assert (shown.status_code, shown.headers["referrer-policy"]) == (200, "no-referrer")
    assert "PDF, 12 pages, 1.2 MB" in shown.text
    path = order["url"].removeprefix(front_door.stack.urls.web)
    token = front_door.db.orders.find_one({"_id": order["order_id"]})["token"]  # type: ignore[index]
    address = urlsplit(front_door.links().report(token, "life_clarity", of_gift=False)).path
    assert f'href="{address}.pdf"' in shown.text
    assert f'<form method="post" action="{path}/resend">' in shown.text
    assert front_door.email not in shown.text


def test_openings_of_the_page_are_counted(front_door: Pressroom) -> None:
    """Each look with the link counts, with the first and last time; what programs and scripts fetch does not."""
    order = front_door.order(front_door.buy())
    for _ in range(2):
        plain_http.get(order["url"], headers={"Sec-Fetch-Dest": "document"})
        plain_http.get(order["url"], headers={"Sec-Fetch-Dest": "empty"})
        plain_http.get(order["url"], headers={"X-Requested-With": "fetch"})
        plain_http.get(order["url"])
        plain_http.get(order["url"] + ".json")
    opens = front_door.db.orders.find_one({"_id": order["order_id"]})["opens"]  # type: ignore[index]
    assert (opens["count"], opens["first_at"] < opens["last_at"]) == (4, True)


def test_a_page_that_cannot_be_counted_is_shown(front_door: Pressroom) -> None:
    """A MongoDB that takes no writes, as one whose disk is full, keeps no customer from seeing how it stands."""
    order = front_door.order(front_door.buy())
    mongod = front_door.stack.part("mongodb").port or 0
    with failing(mongod, ["update"], errorCode=14031, namespace=f"{front_door.db.name}.orders"):
        assert plain_http.get(order["url"]).status_code == 200


def test_an_order_under_way_says_so(front_door: Pressroom) -> None:
    """Before its report is there the page says what happens and where the mail will go, and has no button."""
    order = front_door.order(front_door.buy())
    shown = plain_http.get(order["url"]).text
    assert "Writing begins in a moment." in shown
    assert f">{front_door.email}</strong>. Not right?" in shown
    assert "<form" not in shown


def test_a_mail_is_asked_for_again_once(front_door: Pressroom) -> None:
    """The button is answered by a page, scripts by JSON; asked for twice it is one resend, and one errand."""
    order = delivered(front_door)
    asked = plain_http.post(f"{order['url']}/resend")
    assert (asked.status_code, "on its way once more" in asked.text) == (202, True)
    again = plain_http.post(f"{order['url']}/resend", headers={"Accept": "application/json"})
    assert (again.status_code, again.json()) == (202, {"resend": "asked"})
    found = front_door.db.orders.find_one({"_id": order["order_id"]})
    assert found is not None
    assert (found["resends"]["count"], "resend_reports" in found["errands"]) == (1, True)


def test_a_mail_is_not_asked_for_again_too_soon(front_door: Pressroom) -> None:
    """A customer who has just been sent it is told when it may be sent again."""
    order = delivered(front_door, resends={"count": 1, "times": [datetime.now(UTC)]})
    answer = plain_http.post(f"{order['url']}/resend")
    assert (answer.status_code, "a short while ago" in answer.text) == (429, True)
    assert 0 < int(answer.headers["retry-after"]) <= 600


def test_what_was_not_sent_is_not_sent_again(front_door: Pressroom) -> None:
    """An order without its mail has nothing to repeat; a forged link has no order; looking sends nothing."""
    order = front_door.order(front_door.buy())
    assert plain_http.post(f"{order['url']}/resend").status_code == 409
    assert plain_http.post(f"{front_door.stack.urls.web}/orders/x~y/resend").status_code == 404
    assert plain_http.get(f"{order['url']}/resend").status_code == 405


@pytest.mark.parametrize("kind", ["completion", "confirmation"])
def test_a_refused_mail_is_shown_without_an_address(front_door: Pressroom, kind: str) -> None:
    """Page, JSON and operators' view say that a mail was refused; whose address it was is on none of them."""
    order = delivered(front_door)
    front_door.db.deliveries.insert_one(
        {
            "_id": f"{order['order_id']}:{kind}",
            "order": order["order_id"],
            "kind": kind,
            "message_id": "<m@x>",
            "state": "refused",
            "error": f"550 no {front_door.email} here",
        }
    )
    shown, as_json = plain_http.get(order["url"]).text, plain_http.get(f"{order['url']}.json").text
    assert "refused our mail" in shown
    assert "mailto:reports@pressroom.example" in shown
    assert f'"mails_refused":["{kind}"]' in as_json
    assert front_door.order(order["order_id"])["mails_refused"] == [kind]
    assert front_door.email not in shown + as_json


def test_what_is_missing_may_be_filled_in_as_long_as_the_order_lives(front_door: Pressroom) -> None:
    """Also after an operator was called: the page leads to the form, and promises nothing else."""
    order = front_door.order(front_door.buy(metadata={"product": "life_clarity"}))
    late = {"attention": "The customer has not filled in what is missing."}
    front_door.db.orders.update_one({"_id": order["order_id"]}, {"$set": late})
    shown = plain_http.get(order["url"]).text
    assert ("/details" in shown, "need not do anything" in shown) == (True, False)


def test_a_lost_file_that_cannot_be_printed_again_is_not_promised(front_door: Pressroom) -> None:
    """While it is made again the page says so; once that has failed it says that somebody is at it."""
    order = delivered(front_door)
    link = f"{order['url']}/reports/life_clarity.pdf"
    assert "printed again" in plain_http.get(link).text
    front_door.db.reports.update_one({"order": order["order_id"]}, {"$set": {"state": "running"}})
    front_door.db.orders.update_one({"_id": order["order_id"]}, {"$set": {"failed_at": datetime.now(UTC)}})
    failed = plain_http.get(link)
    assert (failed.status_code, failed.headers["retry-after"]) == (503, "60")
    assert "seeing to it" in failed.text


def test_an_operator_sends_again_and_readdresses(front_door: Pressroom) -> None:
    """Both commands say what was done, are on record with their reason, and end with 1 where they cannot."""
    order = delivered(front_door)["order_id"]
    why = ("--reason", "she wrote to us")
    assert front_door.cli("orders", "resend", order, *why) == f"{order} is sent again\n"
    readdressed = front_door.cli("orders", "readdress", order, "ada@customer.example", *why)
    assert readdressed == f"{order} readdressed; mails sent again: 0\n"
    trail = front_door.db.audit.find({"order": order}).sort("at").to_list()
    assert [(one["action"], one["reason"]) for one in trail] == [("resent", why[1]), ("readdressed", why[1])]
    assert "no mail address" in front_door.cli("orders", "readdress", order, "nobody", *why, code=1)
    assert "were not sent yet" in front_door.cli("orders", "resend", front_door.buy(), *why, code=1)
    assert "Error: " in front_door.cli("orders", "readdress", order, *why, code=2)
    assert "dead or objected to" in front_door.cli("orders", "retry", order, *why, code=1)


def test_downloads_are_counted(front_door: Pressroom) -> None:
    """Each click is on record with the first and the last time, and leads to a file of the report's own name."""
    order = delivered(front_door)
    front_door.s3().put_object(Bucket=front_door.stack.env["S3_BUCKET"], Key=str(PDF["object"]), Body=b"%PDF-")
    for _ in range(3):
        answer = plain_http.get(f"{order['url']}/reports/life_clarity.pdf")
        assert answer.status_code == 302
    assert "Life%2520Clarity.pdf" in answer.headers["location"]
    report = front_door.db.reports.find_one({"order": order["order_id"]})
    assert report is not None
    assert report["downloads"]["count"] == 3
    assert report["downloads"]["first_at"] < report["downloads"]["last_at"]
    assert front_door.order(order["order_id"])["reports"][0]["downloads"] == 3


def test_without_accounts_there_are_no_pages(front_door: Pressroom) -> None:
    """An installation without OPS_USERS serves nothing below /ops."""
    paths = ("/ops", "/ops/", "/ops/sign-in", "/ops/static/ops.css")
    assert {plain_http.get(front_door.stack.urls.web + path).status_code for path in paths} == {404}


def test_a_page_that_is_looked_at_hears_of_each_change(front_door: Pressroom) -> None:
    """The stream tells the same as the JSON: at first, and when it is other than before."""
    order = front_door.order(front_door.buy())
    with plain_http.stream(f"{order['url']}/events", timeout=60) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = (
            json.loads(line.removeprefix("data: ")) for line in stream.iter_lines() if line.startswith("data:")
        )
        assert next(told) == plain_http.get(f"{order['url']}.json").json()
        front_door.db.orders.update_one({"_id": order["order_id"]}, {"$set": {"on_hold": True}})
        assert next(told)["on_hold"]


def test_a_look_at_a_stream_holds_no_connection(front_door: Pressroom) -> None:
    """HEAD is answered with the stream's facts and without a stream: the next request has its answer at once."""
    order = front_door.order(front_door.buy())
    path = urlsplit(f"{order['url']}/events").path
    with connected(front_door.door) as opened:
        opened.sendall(head("HEAD", path) + head("GET", "/livez", Connection="close"))
        told = answer(opened)
    assert told.count(b"HTTP/1.1 200 OK") == 2
    assert b"text/event-stream" in told
    assert told.endswith(b"ok\n")


def test_a_page_says_when_it_should_be_ready(front_door: Pressroom) -> None:
    """What was promised, and how long it usually takes; once that is over the page admits it."""
    order = front_door.order(front_door.buy())
    shown = plain_http.get(order["url"]).text
    assert ("It is promised for" in shown, "usually takes about" in shown) == (True, True)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    front_door.db.orders.update_one({"_id": order["order_id"]}, {"$set": {"paid_at": long_ago}})
    assert "We are sorry." in plain_http.get(order["url"]).text


def test_no_page_hears_of_what_does_not_exist(front_door: Pressroom) -> None:
    """A link that is not ours has no stream."""
    assert plain_http.get(f"{front_door.door}/orders/x~y/events").status_code == 404


def test_a_page_whose_link_has_ended_hears_no_more(front_door: Pressroom) -> None:
    """Once the customer is forgotten, the stream ends as the link does."""
    order = front_door.order(front_door.buy())
    with plain_http.stream(f"{order['url']}/events", timeout=60) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("id: ")
        front_door.db.orders.update_one({"_id": order["order_id"]}, {"$set": {"token": order["order_id"]}})
        assert not any(line.startswith("id: ") for line in lines)
