"""The commands and settings of the files, tried: plain processes that have them make and deliver an order."""

from collections.abc import Iterator

import pytest

from infra.local.part import Part
from infra.local.stack import Stack
from tests import plain_http
from tests.infra.deploy.files import Process, compose, processes
from tests.ports import free_ports
from tests.pressroom import Pressroom

EVERY = [one for one in processes() if one.env]
#: Nothing that their workers make is bought here.
LONG = {"personal_blueprint", "personal_horoscope"}
#: Where a server is, and what it lets in: the local stack's own take their place.
OF_SERVERS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL_S3",
    "AWS_SECRET_ACCESS_KEY",
    "MAIL_URL",
    "METRICS_HOST",
    "METRICS_PORT",
    "MONGODB_URL",
    "OPENAI_API_KEY",
    "PUBLIC_URL",
    "REDIS_URL",
    "S3_PUBLIC_URL",
    "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET",
}


def started(house: Pressroom, file: str) -> Iterator[Part]:
    """Start what a file starts, as often as it does, at the local stack's addresses."""
    doors = iter([house.stack.web_port, *free_ports(2)])
    for one in EVERY:
        if one.file == file and not LONG & {*one.command}:
            for _ in range(one.number):
                yield house.start(*_words(one, doors), wait=False, **_settings(one, house.stack))


def _words(one: Process, doors: Iterator[int]) -> list[str]:
    command = one.command[1:]
    here = {"--host": "127.0.0.1", "--port": str(next(doors))} if command[0] == "web" else {}
    return [here.get(before, word) for before, word in zip(["", *command], command, strict=False)]


def _settings(one: Process, stack: Stack) -> dict[str, str]:
    kept = {name: value for name, value in one.env.items() if name not in OF_SERVERS}
    (port,) = free_ports(1)
    return {**kept, "METRICS_PORT": str(port), "S3_PUBLIC_URL": stack.urls.s3}


@pytest.mark.long
@pytest.mark.parametrize("file", sorted({one.file for one in EVERY}))
def test_an_order_is_delivered_with_the_settings_of_a_file(stack: Stack, file: str) -> None:
    """The report is in the inbox and its book in the bucket; probes are content; told to end, all end with 0."""
    with Pressroom(stack) as house:
        parts = [*started(house, file)]
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
