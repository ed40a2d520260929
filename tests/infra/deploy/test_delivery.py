"""The commands and settings of the files, tried: plain processes that have them make and deliver an order."""

import pytest

from actors.products.catalogue import MAIL_QUEUE
from infra.local.stack import Stack
from tests import plain_http
from tests.infra.deploy.files import compose
from tests.infra.deploy.starts import begin, files_with_settings, starts_of
from tests.pressroom import Pressroom


@pytest.mark.long
@pytest.mark.parametrize("file", files_with_settings())
def test_an_order_is_delivered_with_the_settings_of_a_file(stack: Stack, file: str) -> None:
    """The report is in the inbox and its book in the bucket; probes are content; told to end, all end with 0."""
    with Pressroom(stack) as house:
        parts = [begin(house, one) for one in starts_of(file, stack, ("life_clarity", MAIL_QUEUE))]
        for part in parts:
            part.wait_ready()
        order = house.buy()
        assert house.until_delivered(order)["state"] == "delivered"
        assert house.book(order).startswith(b"%PDF")
        assert plain_http.get(f"{house.door}/livez").status_code == 200
        if file == "compose.yaml":
            _, _, *check = compose()["services"]["worker-bundle"]["healthcheck"]["test"]
            assert house.cli(*check).startswith("alive")
            token = compose()["services"]["web"]["environment"]["METRICS_TOKEN"]
            shown = plain_http.get(f"{house.door}/metrics", headers={"Authorization": f"Bearer {token}"})
            assert shown.status_code == 200
        for part in parts:
            part.ask_to_stop()
        for part in parts:
            part.wait_stopped(30)
        assert {part.name: part.exit_code for part in parts if part.exit_code} == {}
