"""Clients of a process by its settings: which region and which address S3's links lead to."""

import sys
from urllib.parse import urlsplit

import pytest

from infra.local.environment import outer_environment
from infra.local.stack import Stack
from tests.commands import run

REGION = {"AWS_ENDPOINT_URL_S3": "", "AWS_DEFAULT_REGION": "", "AWS_REGION": "ap-southeast-3"}
INNER = {"AWS_ENDPOINT_URL_S3": "http://store:9000"}


@pytest.mark.parametrize(
    ("given", "host"),
    [
        (REGION, "pressroom.s3.ap-southeast-3.amazonaws.com"),
        (REGION | {"AWS_DEFAULT_REGION": "eu-central-2"}, "pressroom.s3.eu-central-2.amazonaws.com"),
        (REGION | {"S3_PUBLIC_URL": "https://files.shop.example"}, "files.shop.example"),
        (INNER, "store:9000"),
        (INNER | {"S3_PUBLIC_URL": "https://files.shop.example"}, "files.shop.example"),
        ({"AWS_ENDPOINT_URL_S3": "", "AWS_ENDPOINT_URL": "http://store:9000"}, "store:9000"),
    ],
    ids=["AWS_REGION", "AWS_DEFAULT_REGION", "a public name", "an endpoint", "inside and outside", "any service"],
)
def test_links_lead_where_the_settings_say(stack: Stack, given: dict[str, str], host: str) -> None:
    """Nothing is asked: a link is made of settings alone, in a process that has these and no others."""
    env = {name: value for name, value in {**outer_environment(), **stack.env, **given}.items() if value}
    done = run(env, (sys.executable, "-m", "tests.actors.deps.link"))
    assert (done.code, urlsplit(done.out).netloc) == (0, host)
