"""A report on its own pages: what a phone shows of it, and the file for reading apps."""

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from actors.products.catalogue import PRODUCTS
from actors.products.plans import plan_of
from infra.book import AI_SOURCE
from tests import plain_http
from tests.pressroom import Pressroom

PLAN = plan_of(PRODUCTS["life_clarity"])
PDF = {"key": "k", "object": "o", "sha256": "x", "pages": 12, "bytes": 1_200_000}
NOW = datetime.now(UTC)
TEXT = "### A heading\n\nThe **first** words <script>alert(1)</script>.\n\n> A quote."


@pytest.fixture(scope="module")
def report(front_door: Pressroom) -> Iterator[str]:
    """The address of a delivered order's report, whatever of it is asked for."""
    order = front_door.buy()
    kept = {"state": "stored", "pdf": PDF, "plan": PLAN["_id"], "stored_at": NOW}
    front_door.db.plans.replace_one({"_id": PLAN["_id"]}, PLAN, upsert=True)
    front_door.db.reports.update_one({"order": order}, {"$set": kept})
    done = {"stored": ["life_clarity"], "stored_at": NOW, "letter": "completion", "delivered_at": NOW}
    front_door.db.orders.update_one({"_id": order}, {"$set": done})
    written = [step for step in PLAN["steps"].values() if step["kind"] == "write"]
    front_door.db.steps.insert_many(
        {"_id": f"{order}:life_clarity:{step['key']}", "state": "done", "result": {"text": TEXT}}
        for step in written
    )
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    yield front_door.links().report(found["token"], "life_clarity", of_gift=False)
    front_door.db.steps.delete_many({})


def records(door: Pressroom) -> list[list[dict[str, Any]]]:
    """All that MongoDB has of orders and their work, but for how often their pages were opened."""
    return [
        door.db[name].find({}, {"opens": 0}).to_list() for name in ("orders", "reports", "steps", "plans", "audit")
    ]


def test_an_orders_page_leads_to_its_text_and_its_file(front_door: Pressroom, report: str) -> None:
    """Contents lead to each part, a part to its neighbours, and no look changes anything."""
    before = records(front_door)
    order = front_door.db.reports.find_one({"plan": PLAN["_id"]})["order"]  # type: ignore[index]
    page = plain_http.get(front_door.order(order)["url"]).text
    path = report.removeprefix(front_door.door)
    for way in (".pdf", "/read", ".epub"):
        assert f'href="{path}{way}"' in page
    contents = plain_http.get(f"{report}/read")
    assert contents.status_code == 200
    for number in range(1, 5):
        assert f'href="{path}/read/{number}"' in contents.text
    second = plain_http.get(f"{report}/read/2").text
    assert f'href="{path}/read/1" rel="prev"' in second
    assert f'href="{path}/read/3" rel="next"' in second
    assert records(front_door) == before


def test_a_text_is_shown_as_text(report: str) -> None:
    """Its markdown is set, its HTML is not, and the browser would run none, nor load anything of others."""
    shown = plain_http.get(f"{report}/read/1")
    assert "The <strong>first</strong> words &lt;script&gt;" in shown.text
    assert '<blockquote class="pull">' in shown.text
    assert "script-src 'self'" in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    assert shown.headers["cache-control"] == "no-store"
    assert f'<meta name="digital-source-type" content="{AI_SOURCE}">' in shown.text
    assert "http" not in shown.text.replace("http-equiv", "").replace(AI_SOURCE, "")


def test_a_report_is_a_file_for_reading_apps(report: str) -> None:
    """Under its own name, with the text of each section; a scanner's HEAD makes none."""
    answer = plain_http.get(f"{report}.epub")
    assert answer.headers["content-type"] == "application/epub+zip"
    assert 'filename="Life Clarity.epub"' in answer.headers["content-disposition"]
    with ZipFile(BytesIO(answer.content)) as book:
        texts = [book.read(f"OEBPS/part-{number}.xhtml").decode() for number in range(1, 5)]
    assert all("The <strong>first</strong> words" in text for text in texts)
    assert plain_http.request("HEAD", f"{report}.epub").status_code == 200


@pytest.mark.parametrize("way", ["/read/0", "/read/5", "/read/01", "/read/x", f"/read/{'9' * 5000}", "/read/1/2"])
def test_there_are_no_other_parts(report: str, way: str) -> None:
    """A number that no part has is not found."""
    assert plain_http.get(f"{report}{way}").status_code == 404


@pytest.mark.parametrize("way", ["/read", "/read/1", ".epub"])
def test_a_report_that_is_made_again_is_waited_for(front_door: Pressroom, report: str, way: str) -> None:
    """Its pages say so, and look again by themselves."""
    front_door.db.reports.update_one({"plan": PLAN["_id"]}, {"$set": {"state": "running"}})
    answer = plain_http.get(f"{report}{way}")
    front_door.db.reports.update_one({"plan": PLAN["_id"]}, {"$set": {"state": "stored"}})
    assert (answer.status_code, "printed again" in answer.text, "refresh" in answer.headers) == (503, True, True)


@pytest.mark.parametrize("way", ["/read", "/read/1", ".epub"])
def test_nothing_is_read_that_is_not_there(front_door: Pressroom, report: str, way: str) -> None:
    """A link that is not ours, a report that was never finished, and one whose texts are gone, show nothing."""
    unfinished = f"{front_door.order(front_door.buy())['url']}/reports/life_clarity"
    forged = f"{front_door.door}/orders/x~y/reports/life_clarity"
    for address in (unfinished, forged, report.replace("life_clarity", "personal_blueprint")):
        assert plain_http.get(f"{address}{way}").status_code == 404
    front_door.db.reports.update_one({"plan": PLAN["_id"]}, {"$set": {"pdf": None}})
    answer = plain_http.get(f"{report}{way}")
    front_door.db.reports.update_one({"plan": PLAN["_id"]}, {"$set": {"pdf": PDF}})
    assert answer.status_code == 404
