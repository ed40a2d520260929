"""Settings: environment variables, read once when a process starts, and checked whole."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from infra.addresses import as_address
from infra.errors import SettingsError
from infra.hosts import is_private, is_this_machine
from infra.mail.url import read_mail_url

Text = Annotated[str, Meta(min_length=1, max_length=4096)]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(gt=0, le=1_000_000)]
#: Characters of a key that nobody guesses.
_MIN_KEY = 16
Read = TypeVar("Read", bound="WebhookSettings")


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """The webhook's settings: no key of a vendor, none that could read or send a customer's report."""

    mongodb_url: Text
    redis_url: Text
    stripe_webhook_secret: Text
    stripe_livemode: bool
    timezone: Text = "UTC"
    installation: Annotated[str, Meta(pattern=r"^[ -~]{1,500}$")] | None = None
    tenants_file: Text | None = None
    log_format: Literal["json", "text"] = "json"

    def __post_init__(self) -> None:
        """Refuse values of the right type that cannot work."""
        _expect_scheme("MONGODB_URL", self.mongodb_url, "mongodb", "mongodb+srv")
        _expect_scheme("REDIS_URL", self.redis_url, "redis", "rediss")
        _expect_zone(self.timezone)
        if any(not secret.strip() or secret != secret.strip() for secret in self.webhook_secrets):
            raise SettingsError("STRIPE_WEBHOOK_SECRET has an empty element or a blank around one.")

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the signing secrets that are valid now: two of them while they rotate."""
        return tuple(self.stripe_webhook_secret.split(","))


class Settings(WebhookSettings, frozen=True, kw_only=True, rename=str.upper):
    """Every setting by the name of its environment variable, in lower case.

    Those without a default are required; none has a default that works on one machine only.
    """

    stripe_api_key: Text
    stripe_api_base: Text | None = None
    openai_api_key: Text
    openai_base_url: Text | None = None
    openai_model: Text
    llm_requests_per_minute: Count
    llm_tokens_per_minute: Count
    #: At most what a writing step has room for, within its limit of 600 s: a minute in line and one of records.
    llm_timeout_s: Annotated[float, Meta(gt=0, le=480)] = 120.0
    step_give_up_s: Seconds = 3600.0
    llm_prices_file: Text | None = None
    order_budget_usd: Dollars | None = None
    failure_letter_after_s: Seconds = 1800.0
    refund_after_s: Seconds | None = None
    retain_reports_days: Count | None = None
    retain_events_days: Count | None = None
    grace_s: Seconds = 30.0
    aws_endpoint_url: Text | None = None
    aws_endpoint_url_s3: Text | None = None
    aws_region: Text | None = None
    aws_default_region: Text | None = None
    s3_bucket: Text
    s3_public_url: Text | None = None
    mail_url: Text
    mail_from: Text
    alert_mail: Text
    alert_webhook_url: Text | None = None
    public_url: Text
    secret_key: Text
    keep_refunded_reports: bool = False
    allow_plain_http: bool = False

    def __post_init__(self) -> None:
        """Refuse values of the right type that cannot work."""
        super().__post_init__()
        read_mail_url(self.mail_url)
        self._check_web_addresses()
        if any(len(key) < _MIN_KEY or key != key.strip() for key in self.secret_keys):
            text = f"SECRET_KEY has an element of fewer than {_MIN_KEY} characters, or a blank around one."
            raise SettingsError(text)
        _expect_address("MAIL_FROM", self.mail_from)
        for address in self.operators:
            _expect_address("ALERT_MAIL", address)

    def _check_web_addresses(self) -> None:
        """Refuse addresses that are none, and in live mode those that a public network would carry in clear."""
        customers = {"PUBLIC_URL": self.public_url, "S3_PUBLIC_URL": self.s3_public_url}
        vendors = {
            "STRIPE_API_BASE": self.stripe_api_base,
            "OPENAI_BASE_URL": self.openai_base_url,
            "ALERT_WEBHOOK_URL": self.alert_webhook_url,
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_ENDPOINT_URL_S3": self.aws_endpoint_url_s3,
        }
        for name, url in {**customers, **vendors}.items():
            if url is None:
                continue
            scheme = _expect_http(name, url)
            inside = is_this_machine(url) if name in customers else self.allow_plain_http or is_private(url)
            if self.stripe_livemode and scheme == "http" and not inside:
                raise SettingsError(f"{name} must begin with https:// in live mode.")

    @property
    def operators(self) -> tuple[str, ...]:
        """Return the addresses that alerts are mailed to."""
        return tuple(address.strip() for address in self.alert_mail.split(","))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys of customers' links. The first signs new ones, and all are known."""
        return tuple(self.secret_key.split(","))

    @property
    def s3_endpoint(self) -> str | None:
        """Return the address at which this process reaches S3, or None for Amazon's own."""
        return self.aws_endpoint_url_s3 or self.aws_endpoint_url

    @property
    def s3_region(self) -> str | None:
        """Return the region where boto3 does not find it: AWS_REGION, as Amazon's own platforms name it."""
        return None if self.aws_default_region else self.aws_region


def _expect_address(name: str, text: str) -> None:
    if as_address(text) is None:
        form = "reports@shop.example or Shop <reports@shop.example>, with a comma or a colon in quotes"
        raise SettingsError(f"{name} is no mail address, such as {form}.")


def _expect_zone(name: str) -> None:
    try:
        if name != "UTC":  # which needs no data of the system's
            ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # no such name, or one of a path or a folder
        raise SettingsError("TIMEZONE is none that this system knows, such as Europe/Berlin.") from None


def _expect_scheme(name: str, url: str, *schemes: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError(f"{name} is not a URL: a bracket in a password is written %5B or %5D.") from None
    if parts.scheme not in schemes or not parts.netloc:
        raise SettingsError(f"{name} must be a URL that begins with {' or '.join(s + '://' for s in schemes)}.")


def _expect_http(name: str, url: str) -> str:
    """Return the scheme of an address in HTTP. SettingsError if it is none."""
    _expect_scheme(name, url, "http", "https")
    parts = urlsplit(url)
    try:
        usable = parts.hostname and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:  # of the port
        usable = False
    if not usable:
        raise SettingsError(f"{name} must be an address in HTTP, as in https://host.example or http://host:8000.")
    return parts.scheme


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; SettingsError names the first that is missing or malformed, never its value."""
    return _read(environment, Settings)


def read_webhook_settings(environment: Mapping[str, str] = os.environ) -> WebhookSettings:
    """Read the settings of a webhook that runs alone; errors as in `read_settings`."""
    return _read(environment, WebhookSettings)


def _read(environment: Mapping[str, str], kind: type[Read]) -> Read:
    given = {name: value for name, value in environment.items() if value != ""}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        raise SettingsError(str(cause) if isinstance(cause, SettingsError) else _in_words(str(error))) from None


def _in_words(error: str) -> str:
    if error.startswith("Object missing required field"):
        return f"The setting {error.split('`')[1]} is missing."
    what, _, where = error.partition(" - at `$.")
    kind = what.partition(" '")[0]  # the part after it quotes the value
    return f"The setting {where.rstrip('`')} is malformed: {kind[0].lower()}{kind[1:]}."
