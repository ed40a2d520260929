"""Doors through which a report may reach anybody: open while its order may have it, and closed otherwise."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import plain_http
from tests.ports import free_ports
from tests.pressroom import Pressroom
from tests.store import BUCKET, Store

PDF = {"key": "k", "object": "handed-out", "sha256": "x", "pages": 12, "bytes": 1_200_000}
#: Ways to a report: the file, the page to read it on, a part of that, and the file for reading apps.
WAYS = (".pdf", "/read", "/read/1", ".epub")
WHY = ("--reason", "she wrote to us")
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def shop(front_door: Pressroom) -> Pressroom:
    """A web process, and a store that has the PDF."""
    front_door.s3().put_object(Bucket=front_door.stack.env["S3_BUCKET"], Key=str(PDF["object"]), Body=b"%PDF-")
    return front_door


@pytest.fixture(scope="module")
def keeping(shop: Pressroom) -> Iterator[str]:
    """The address of a web process that lets refunded customers keep their reports."""
    (port,) = free_ports(1)
    web = shop.start("web", "--port", str(port), KEEP_REFUNDED_REPORTS="true")
    yield f"http://127.0.0.1:{port}"
    web.terminate()


def ordered(shop: Pressroom, **facts: Any) -> str:
    """Return the address of a delivered order's page, with some facts changed."""
    order = shop.buy()
    done = {"stored": ["life_clarity"], "stored_at": NOW, "letter": "completion", "delivered_at": NOW, **facts}
    shop.db.orders.update_one({"_id": order}, {"$set": done})
    shop.db.reports.update_one({"order": order}, {"$set": {"state": "stored", "pdf": PDF, "stored_at": NOW}})
    return str(shop.order(order)["url"])


def downloads(url: str) -> int:
    """Return how often the report of that page was downloaded."""
    return int(plain_http.get(f"{url}.json").json()["reports"][0]["downloads"])


FAILED = {"letter": None, "delivered_at": None, "failed_at": NOW, "attention": "It is dead."}
CLOSED: dict[str, tuple[dict[str, Any], str]] = {
    "refunded after delivery": ({"stopped": True}, "on its way back"),
    "refunded before delivery": ({**FAILED, "stopped": True, "letter": "refund"}, "on its way back"),
    "being refunded": ({**FAILED, "letter": "refund"}, "We are giving your money back"),
    "refunded again after a failed refund": ({"stopped": True, "refund_failed": True}, "on its way back"),
    "disputed": ({"on_hold": True}, "Until that is settled"),
    "disputed before delivery": ({"on_hold": True, "letter": None, "delivered_at": None}, "Until that is settled"),
    "lost to the bank": ({"on_hold": True, "dispute_lost": True}, "has taken this payment back"),
    "refunded while disputed": ({"on_hold": True, "stopped": True}, "on its way back"),
}
OPEN: dict[str, dict[str, Any]] = {
    "delivered": {},
    "partly refunded": {"amount_refunded": 400},
    "its refund failed": {"letter": "refund", "refund_failed": True, "delivered_at": None},
    "a part of it failed": FAILED,
}


@pytest.mark.parametrize("case", CLOSED)
def test_a_closed_order_hands_nothing_out(shop: Pressroom, case: str) -> None:
    """Neither page, JSON, link nor mail, for a customer or an operator; each page says why."""
    facts, words = CLOSED[case]
    url = ordered(shop, **facts)
    shown, as_json = plain_http.get(url), plain_http.get(f"{url}.json").json()
    link, *texts = (plain_http.get(f"{url}/reports/life_clarity{way}") for way in WAYS)
    assert (shown.status_code, *{one.status_code for one in (link, *texts)}) == (200, 404)
    for page in (shown.text, link.text, *(one.text for one in texts)):
        assert words in page
        assert "Download the PDF" not in page
        assert "Read here" not in page
        assert "/resend" not in page
        assert "here all the same" not in page
    assert "location" not in link.headers
    assert link.headers["cache-control"] == "no-store"
    assert plain_http.request("HEAD", f"{url}/reports/life_clarity.pdf").status_code == 404
    assert [report["pdf"] for report in as_json["reports"]] == [None]
    assert plain_http.post(f"{url}/resend").status_code == 409
    assert "nothing is sent" in shop.cli("orders", "resend", as_json["order_id"], *WHY, code=1)
    assert shop.order(as_json["order_id"])["reports"][0]["downloads"] == 0


@pytest.mark.parametrize("case", OPEN)
def test_an_open_order_hands_out_what_is_finished(shop: Pressroom, case: str) -> None:
    """A customer who has paid gets it, also while something else of the order is an operator's."""
    url = ordered(shop, **OPEN[case])
    assert "Download the PDF" in plain_http.get(url).text
    assert plain_http.get(f"{url}.json").json()["reports"][0]["pdf"]["pages"] == 12
    assert plain_http.get(f"{url}/reports/life_clarity.pdf").status_code == 302


@pytest.mark.parametrize(
    ("facts", "kept"),
    [
        ({"stopped": True}, True),
        ({"stopped": True, "letter": "refund", "delivered_at": None}, False),
        ({"stopped": True, "on_hold": True}, False),
        ({"on_hold": True, "dispute_lost": True}, False),
    ],
    ids=["after delivery", "before delivery", "disputed", "lost"],
)
def test_a_setting_lets_refunded_customers_keep_what_they_have(
    shop: Pressroom, keeping: str, facts: dict[str, Any], *, kept: bool
) -> None:
    """What was delivered before all of the money went back, and nothing else."""
    url = ordered(shop, **facts).replace(shop.stack.urls.web, keeping)
    assert plain_http.get(f"{url}/reports/life_clarity.pdf").status_code == (302 if kept else 404)
    assert ("Download the PDF" in plain_http.get(url).text) == kept
    assert ("yours to keep" in plain_http.get(url).text) == kept
    assert plain_http.post(f"{url}/resend").status_code == (202 if kept else 409)


def test_a_scanners_look_is_no_download(shop: Pressroom) -> None:
    """HEAD is answered with the PDF's facts, follows to nothing, and counts for nothing; GET counts as before."""
    url = ordered(shop)
    link = f"{url}/reports/life_clarity.pdf"
    looked = plain_http.request("HEAD", link)
    assert (looked.status_code, looked.headers["content-type"], looked.headers["content-length"]) == (
        200,
        "application/pdf",
        "1200000",
    )
    assert looked.content == b""
    assert downloads(url) == 0
    assert plain_http.get(link).status_code == 302
    assert downloads(url) == 1


def test_a_store_that_refuses_us_is_an_operators(shop: Pressroom) -> None:
    """A customer who is told that somebody is at it is told the truth."""
    url = ordered(shop)
    (port,) = free_ports(1)
    with Store() as store:
        store.refused = dict.fromkeys(("HEAD", "PUT"), (403, "InvalidAccessKeyId"))
        web = shop.start("web", "--port", str(port), AWS_ENDPOINT_URL_S3=store.url, S3_BUCKET=BUCKET)
        link = f"{url}/reports/life_clarity.pdf".replace(shop.stack.urls.web, f"http://127.0.0.1:{port}")
        answer = plain_http.get(link)
        web.terminate()
    assert (answer.status_code, "seeing to it" in answer.text) == (503, True)
    (alert,) = shop.db.alerts.find({"kind": "account"})
    assert "InvalidAccessKeyId" in alert["text"]


def test_a_link_outlives_the_key_that_signed_it(shop: Pressroom) -> None:
    """With the new key first and the old one behind it, the links in letters go on opening."""
    url = ordered(shop)
    (port,) = free_ports(1)
    old = shop.stack.env["SECRET_KEY"]
    web = shop.start("web", "--port", str(port), SECRET_KEY=f"another-key-of-ours,{old}")
    link = f"{url}/reports/life_clarity.pdf".replace(shop.stack.urls.web, f"http://127.0.0.1:{port}")
    assert plain_http.get(link).status_code == 302
    web.terminate()
