"""Evidence of a sale for the customer's bank: asked for with a reason, and on record each time."""

from datetime import UTC, datetime
from pathlib import Path

from infra.local.pdf_text import text_of
from tests.handlers.ops.test_acts import OpenBrowser, found, send, trail
from tests.pressroom import Pressroom


def test_evidence_names_the_sale_and_the_customer_and_is_on_record(
    house: Pressroom, browser_of: OpenBrowser
) -> None:
    """What was sold, to whom, and what reached them; asked for with a reason, and never by looking."""
    order, browser = house.buy(), browser_of("olaf")
    agreed = {"text": "Begin at once.", "at": datetime.now(UTC)}
    house.db.orders.update_one({"_id": order}, {"$set": {"consent": agreed}})
    assert house.email not in browser.get(f"/ops/orders/{order}").text
    assert browser.get(f"/ops/orders/{order}/evidence").status_code == 404
    shown = send(browser, order, "evidence")
    payment = found(house, order)["payment_intent"]
    assert (
        shown.status_code,
        [one for one in (payment, "19.00 USD", house.email, "Ada Byron", agreed["text"]) if one not in shown.text],
    ) == (
        200,
        [],
    )
    assert trail(house, order) == [("olaf", "looked at")]


def test_evidence_is_printed_for_the_bank(house: Pressroom, browser_of: OpenBrowser, tmp_path: Path) -> None:
    """The same facts as a PDF, from the page and from the command line, each time on record."""
    order = house.buy()
    printed = send(browser_of("olaf"), order, "evidence.pdf")
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    assert printed.headers["content-disposition"] == f'attachment; filename="evidence-{order}.pdf"'
    file = tmp_path / "evidence.pdf"
    house.cli("orders", "evidence", order, "--reason", "its bank asks", "--out", str(file))
    for pdf in (printed.content, file.read_bytes()):
        text = text_of(pdf)
        facts = (found(house, order)["payment_intent"], "19.00 USD", house.email, "Ada Byron")
        assert [one for one in facts if one not in text] == []
    assert [action for _, action in trail(house, order)] == ["looked at"] * 2
    assert "no order cs_none" in house.cli("orders", "evidence", "cs_none", "--reason", "x", code=1)
