"""Link of one report, as letters bring it: whoever it is shared with reads that report, and nothing else."""

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from tests import plain_http
from tests.pressroom import Pressroom

PLAN = plan_of(PRODUCTS["life_clarity"])
PDF = {"key": "k", "object": "shared", "sha256": "x", "pages": 12, "bytes": 1_200_000}
ANSWERS = {
    "name": "Ada",
    "question": "Whither?",
    "birth_date": "1988-09-25",
    "birth_place": "Bath",
}
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def order(front_door: Pressroom) -> str:
    """A delivered bundle, of which one report has its texts."""
    front_door.s3().put_object(Bucket=front_door.stack.env["S3_BUCKET"], Key=str(PDF["object"]), Body=b"%PDF-")
    front_door.db.plans.replace_one({"_id": PLAN["_id"]}, PLAN, upsert=True)
    order = front_door.buy(metadata={"product": "bundle", **ANSWERS}, amount_subtotal=12900)
    kept = {"state": "stored", "pdf": PDF, "plan": PLAN["_id"], "stored_at": NOW}
    front_door.db.reports.update_many({"order": order}, {"$set": kept})
    done = {"stored": [*PRODUCTS], "stored_at": NOW, "letter": "completion", "delivered_at": NOW}
    front_door.db.orders.update_one({"_id": order}, {"$set": done})
    front_door.db.steps.insert_many(
        {"_id": f"{order}:life_clarity:{step['key']}", "state": "done", "result": {"text": "Words."}}
        for step in PLAN["steps"].values()
        if step["kind"] == "write"
    )
    return order


@pytest.fixture
def shared(front_door: Pressroom, order: str) -> str:
    """The address of its first report, as a letter has it, without the kind of file."""
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    return front_door.links().report(found["token"], "life_clarity", of_gift=False)


def test_it_opens_its_report_in_every_form(front_door: Pressroom, order: str, shared: str) -> None:
    """So does the order's own link, which stands in older letters."""
    for report in (shared, f"{front_door.order(order)['url']}/reports/life_clarity"):
        statuses = [plain_http.get(f"{report}{way}").status_code for way in (".pdf", "/read", "/read/1", ".epub")]
        assert statuses == [302, 200, 200, 200]


def test_the_orders_page_leads_to_it(front_door: Pressroom, order: str, shared: str) -> None:
    """What people share from their browsers is where they read."""
    page = plain_http.get(front_door.order(order)["url"]).text
    assert f'<a href="{urlsplit(shared).path}/read">' in page
    links = re.findall(r'href="([^"]+/reports/[^"]+)"', page)
    assert len(links) == 3 * len(PRODUCTS)
    assert not any(link.startswith(front_door.order(order)["url"]) for link in links)


def test_its_pages_show_no_way_to_the_order(front_door: Pressroom, order: str, shared: str) -> None:
    """They lead to one another; only those of the order's own link lead back to it."""
    own = f"{front_door.order(order)['url']}/reports/life_clarity"
    for way in ("/read", "/read/2"):
        text = plain_http.get(f"{shared}{way}").text
        found = re.findall(r'href="(/[^"]+)"', text)
        assert found
        assert all(path.startswith(shared.removeprefix(front_door.door)) for path in found)
        assert "Your order" not in text
        assert "Your order" in plain_http.get(f"{own}{way}").text


def test_it_opens_nothing_else_of_the_order(front_door: Pressroom, shared: str) -> None:
    """Neither the order's page and forms nor another report of the bundle: there it is a link that is not ours."""
    signed = shared.removeprefix(f"{front_door.door}/orders/").partition("/")[0]
    pages = ("", ".json", "/events", "/answers", "/details", "/withdrawal")
    others = [f"/reports/{product}{way}" for product in PRODUCTS for way in (".pdf", "/read", "/read/1", ".epub")]
    others = [one for one in others if "life_clarity" not in one]
    for path in (*pages, *others):
        assert (path, plain_http.get(f"{front_door.door}/orders/{signed}{path}").status_code) == (path, 404)
    for path in ("/answers", "/details", "/withdrawal", "/resend"):
        assert (path, plain_http.post(f"{front_door.door}/orders/{signed}{path}").status_code) == (path, 404)
    for path in ("", "/reports/life_clarity.pdf", "/reports/life_clarity/read"):
        assert (path, plain_http.get(f"{front_door.door}/gifts/{signed}{path}").status_code) == (path, 404)
    assert plain_http.post(f"{front_door.door}/gifts/{signed}/resend").status_code == 404


def test_it_gives_no_reason_where_the_report_is_withheld(front_door: Pressroom, order: str, shared: str) -> None:
    """What the bank says is the customer's affair; whoever the link was shared with reads one neutral sentence."""
    own = f"{front_door.order(order)['url']}/reports/life_clarity"
    front_door.db.orders.update_one({"_id": order}, {"$set": {"on_hold": True}})
    answers = [plain_http.get(f"{report}.pdf") for report in (own, shared)]
    front_door.db.orders.update_one({"_id": order}, {"$set": {"on_hold": False}})
    assert [answer.status_code for answer in answers] == [404, 404]
    assert ["bank" in answer.text for answer in answers] == [True, False]
    assert ["This report cannot be opened now" in answer.text for answer in answers] == [False, True]
    assert "Life Clarity" in answers[1].text
