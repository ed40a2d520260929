"""Settings that are addresses and keys: what stops a start, what may be in clear, and how a key is changed."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from infra.errors import SettingsError
from infra.links import Links
from infra.settings import Settings, read_settings

GOOD = {
    "MONGODB_URL": "mongodb://db/pressroom",
    "REDIS_URL": "redis://cache/0",
    "STRIPE_API_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
    "STRIPE_LIVEMODE": "true",
    "OPENAI_API_KEY": "sk-x",
    "OPENAI_MODEL": "gpt-5-mini",
    "LLM_REQUESTS_PER_MINUTE": "10",
    "LLM_TOKENS_PER_MINUTE": "1000",
    "S3_BUCKET": "bucket",
    "MAIL_URL": "smtps://mail.example",
    "MAIL_FROM": "reports@shop.example",
    "ALERT_MAIL": "operator@shop.example",
    "PUBLIC_URL": "https://shop.example",
    "SECRET_KEY": "first-key-of-customers-links",
}
ADDRESSES = (
    "PUBLIC_URL",
    "S3_PUBLIC_URL",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "OPENAI_BASE_URL",
    "STRIPE_API_BASE",
    "ALERT_WEBHOOK_URL",
)
OF_CUSTOMERS = ADDRESSES[:2]
TEST_MODE = {"STRIPE_LIVEMODE": "false", "STRIPE_API_KEY": "sk_test_x"}


def settings(changed: Mapping[str, str]) -> Settings:
    """Return the settings of a live installation with some changed."""
    return read_settings({**GOOD, **changed})


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "value", ["minio:9000", "minio", "//minio:9000", "http://", "http://:9000", "http://minio:abc", "ftp://minio"]
)
def test_what_is_no_address_stops_the_start(name: str, value: str) -> None:
    """One line names the setting, and does not repeat what it holds."""
    with pytest.raises(SettingsError, match=f"^The setting {name} must be ") as caught:
        settings({name: value})
    assert value not in str(caught.value).replace("http:// or https://", "")


@pytest.mark.parametrize("name", ADDRESSES)
def test_live_traffic_does_not_cross_the_world_in_clear(name: str) -> None:
    """An address of a public host is in https, unless test money is all there is."""
    for host in ("api.shop.example", "8.8.8.8:8000", "[2606:4700::1111]"):
        with pytest.raises(SettingsError, match=f"^{name} .*https"):
            settings({name: f"http://{host}"})
        settings({name: f"https://{host}"})
        settings({name: f"http://{host}", **TEST_MODE})


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "shop.localhost"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_this_machine_may_be_spoken_to_in_clear(name: str, host: str) -> None:
    """What does not leave the machine is nobody else's."""
    settings({name: f"http://{host}"})


@pytest.mark.parametrize(
    "host", ["10.0.0.7", "192.168.1.4:9000", "minio:9000", "llm.internal", "100.64.0.9", "[fd00::1]"]
)
def test_servers_of_an_inner_network_may_be_spoken_to_in_clear(host: str) -> None:
    """Servers of ours may be, but customers' browsers are out in the world."""
    for name in ADDRESSES:
        if name not in OF_CUSTOMERS:
            settings({name: f"http://{host}"})
            continue
        with pytest.raises(SettingsError, match=name):
            settings({name: f"http://{host}"})


def test_a_setting_allows_clear_text_to_servers() -> None:
    """For a tunnel that we cannot see; customers' links stay closed to it."""
    allowed = {"ALLOW_PLAIN_HTTP": "true"}
    settings(
        {**allowed, "OPENAI_BASE_URL": "http://llm.example/v1", "ALERT_WEBHOOK_URL": "http://hook.example/x?t=1"}
    )
    with pytest.raises(SettingsError, match="PUBLIC_URL"):
        settings({**allowed, "PUBLIC_URL": "http://shop.example"})


def test_a_region_by_either_name_counts() -> None:
    """AWS_REGION is what Amazon's own platforms set; boto3 finds the other by itself."""
    assert settings({"AWS_REGION": "eu-central-1"}).s3_region == "eu-central-1"
    assert settings({"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-west-1"}).s3_region is None


def test_the_endpoint_of_s3_goes_before_that_of_all_services() -> None:
    """As boto3 has it."""
    both = {"AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_S3": "http://s3:2"}
    assert settings(both).s3_endpoint == "http://s3:2"
    assert settings({"AWS_ENDPOINT_URL": "http://all:1"}).s3_endpoint == "http://all:1"
    assert settings({}).s3_endpoint is None


def token_of(link: str) -> str:
    """Return the signed token of a link to an order."""
    return urlsplit(link).path.removeprefix("/orders/")


def test_links_outlive_the_key_that_signed_them() -> None:
    """Each stage of a rotation opens all links of the one before and of the one after it, as processes restart."""
    old, new = GOOD["SECRET_KEY"], "second-key-of-customers-links"
    stages = [Links(settings({"SECRET_KEY": keys})) for keys in (old, f"{old},{new}", f"{new},{old}", new)]
    mailed = [token_of(links.order("token")) for links in stages]
    opened = [[links.read(link) is not None for link in mailed] for links in stages]
    assert opened == [
        [True, True, False, False],
        [True, True, True, True],
        [True, True, True, True],
        [False, False, True, True],
    ]
    of_reports = [links.report("token", "life_clarity", of_gift=False).split("/")[-3] for links in stages]
    read = [
        [links.read_report(link, "life_clarity", of_gift=False) is not None for link in of_reports]
        for links in stages
    ]
    assert read == opened


@pytest.mark.parametrize("keys", ["short", "", f"{GOOD['SECRET_KEY']},", f"{GOOD['SECRET_KEY']},short", " " * 20])
def test_a_key_that_could_be_guessed_stops_the_start(keys: str) -> None:
    """Of several keys each is as long as one alone must be."""
    with pytest.raises(SettingsError, match="SECRET_KEY"):
        settings({"SECRET_KEY": keys})
