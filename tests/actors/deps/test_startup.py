"""Clients of a process by its settings: which region and which address S3's links lead to."""

from urllib.parse import urlsplit

import boto3
import pytest

from actors.deps.startup import open_deps
from infra.local.stack import Stack
from infra.settings import read_settings

pytestmark = pytest.mark.anyio

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
async def test_links_lead_where_the_settings_say(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], host: str
) -> None:
    """Nothing is asked: a link is made of settings alone."""
    env = {**stack.env, **given}
    for name in env.keys() | {"AWS_REGION", "AWS_ENDPOINT_URL", "S3_PUBLIC_URL"}:
        monkeypatch.delenv(name, raising=False)
        if env.get(name):
            monkeypatch.setenv(name, env[name])
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    deps = open_deps(read_settings(env))
    assert urlsplit(await deps.objects.link("orders/cs_1/book.pdf", "Book.pdf")).netloc == host
    await deps.db.close()
    deps.broker.client.close()
