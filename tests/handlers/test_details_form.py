"""The form for missing details takes what people write."""

from datetime import UTC, datetime, timedelta

import pytest

from tests import plain_http
from tests.pressroom import Pressroom


@pytest.mark.parametrize(
    ("given", "kept"),
    [("ada@müller.de", "ada@xn--mller-kva.de"), ("da.me..i@docomo.ne.jp", "da.me..i@docomo.ne.jp")],
)
def test_an_address_is_taken_as_its_owner_writes_it(front_door: Pressroom, given: str, kept: str) -> None:
    """The order has it as mail can be sent to it, and begins."""
    order = front_door.buy(customer_details=None, customer_email=None)
    form = front_door.order(order)["url"] + "/details"
    assert plain_http.post(form, data={"email": given}).status_code == 200
    found = front_door.db.orders.find_one({"_id": order})
    assert found is not None
    assert (found["email"], found["missing"]) == (kept, [])
    assert front_door.db.reports.count_documents({"order": order}) == 1


def test_the_form_offers_every_day_that_has_begun_somewhere(front_door: Pressroom) -> None:
    """A browser refuses no date of birth that is today where the customer is."""
    before = (datetime.now(UTC) + timedelta(hours=14)).date()
    form = plain_http.get(f"{front_door.stack.urls.web}/products/personal_blueprint").text
    after = (datetime.now(UTC) + timedelta(hours=14)).date()
    assert any(f'max="{day}"' in form for day in (before, after))
