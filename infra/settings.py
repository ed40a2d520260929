"""Settings: environment variables, read once when a process starts, and checked whole.

Each setting is one line of a class: its type, its checks, its default. All mistakes are reported at once.
"""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import NODEFAULT, Meta

from infra.errors import SettingsError
from infra.setting_checks import (
    ACCOUNTS,
    ADDRESS,
    ADDRESSES,
    MAIL_URL,
    MONGODB_URL,
    NAME,
    NETWORKS,
    PUBLIC_URL,
    REDIS_URL,
    SECRETS,
    SIGNING_SECRETS,
    STRIPE_KEY,
    TEXT,
    WEB_URL,
    ZONE,
    find_disagreements,
    find_mistake,
)

Text = Annotated[str, Meta(min_length=1, max_length=4096), TEXT]
#: A year at most: infinity is no time that a process can wait.
Seconds = Annotated[float, Meta(gt=0, le=365 * 24 * 3600)]
Count = Annotated[int, Meta(ge=1, le=1_000_000_000_000)]
Dollars = Annotated[float, Meta(gt=0, le=1_000_000)]
WebUrl = Annotated[Text, WEB_URL]
Read = TypeVar("Read", bound="WebhookSettings")


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """The webhook's settings: no key of a vendor, none that could read or send a customer's report."""

    mongodb_url: Annotated[Text, MONGODB_URL]
    redis_url: Annotated[Text, REDIS_URL]
    stripe_webhook_secret: Annotated[Text, SIGNING_SECRETS]
    stripe_livemode: bool
    timezone: Annotated[Text, ZONE] = "UTC"
    installation: Annotated[Text, NAME] | None = None
    tenants_file: Text | None = None
    log_format: Literal["json", "text"] = "json"

    def __repr__(self) -> str:
        """Show no value: most of them are secrets, or hold one."""
        return f"{type(self).__name__}(…)"

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Return the signing secrets that are valid now: two of them while they rotate."""
        return tuple(self.stripe_webhook_secret.split(","))


class Settings(WebhookSettings, frozen=True, kw_only=True, rename=str.upper):
    """Every setting by the name of its environment variable, in lower case.

    Those without a default are required; none has a default that works on one machine only.
    """

    stripe_api_key: Annotated[Text, STRIPE_KEY]
    stripe_api_base: WebUrl | None = None
    openai_api_key: Text
    openai_base_url: WebUrl | None = None
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
    grace_s: Seconds = 25.0
    aws_endpoint_url: WebUrl | None = None
    aws_endpoint_url_s3: WebUrl | None = None
    aws_region: Text | None = None
    aws_default_region: Text | None = None
    s3_bucket: Text
    s3_public_url: WebUrl | None = None
    mail_url: Annotated[Text, MAIL_URL]
    mail_from: Annotated[Text, ADDRESS]
    alert_mail: Annotated[Text, ADDRESSES]
    alert_webhook_url: WebUrl | None = None
    public_url: Annotated[Text, PUBLIC_URL]
    secret_key: Annotated[Text, SECRETS]
    keep_refunded_reports: bool = False
    consent: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None
    allow_plain_http: bool = False
    trusted_proxies: Annotated[Text, NETWORKS] | None = None
    metrics_token: Annotated[Text, SECRETS] | None = None
    metrics_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    metrics_host: Text = "127.0.0.1"
    ops_users: Annotated[str, Meta(min_length=1, max_length=65536), ACCOUNTS] | None = None

    @property
    def operators(self) -> tuple[str, ...]:
        """Return the addresses that alerts are mailed to."""
        return tuple(address.strip() for address in self.alert_mail.split(","))

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Return the keys of customers' links. The first signs new ones, and all are known."""
        return tuple(self.secret_key.split(","))

    @property
    def metrics_tokens(self) -> tuple[str, ...]:
        """Return the tokens that open /metrics: two of them while they rotate."""
        return tuple(self.metrics_token.split(",")) if self.metrics_token else ()

    @property
    def s3_endpoint(self) -> str | None:
        """Return the address at which this process reaches S3, or None for Amazon's own."""
        return self.aws_endpoint_url_s3 or self.aws_endpoint_url

    @property
    def s3_region(self) -> str | None:
        """Return the region where boto3 does not find it: AWS_REGION, as Amazon's own platforms name it."""
        return None if self.aws_default_region else self.aws_region


def cost_of_ending(settings: Settings) -> str | None:
    """Return in words what SIGTERM costs, since calls may take longer than the grace period. None if nothing."""
    grace_s, timeout_s = settings.grace_s, settings.llm_timeout_s
    if grace_s > timeout_s:
        return None
    return (
        f"a call that takes longer than GRACE_S, {grace_s:g} s, is cut and bought again; none is if GRACE_S is "
        f"above LLM_TIMEOUT_S, {timeout_s:g} s, and the platform waits 5 s longer than that"
    )


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings. SettingsError names all that are missing or malformed, a line each, never a value."""
    return _read(environment, Settings)


def read_webhook_settings(environment: Mapping[str, str] = os.environ) -> WebhookSettings:
    """Read the settings of a webhook that runs alone; errors as in `read_settings`."""
    return _read(environment, WebhookSettings)


def _read(environment: Mapping[str, str], kind: type[Read]) -> Read:
    values: dict[str, Any] = {}
    mistakes = [*_take_valid(environment, kind, values), *find_disagreements(values)]
    if mistakes:
        raise SettingsError("\n".join(mistakes))
    return kind(**values)


def _take_valid(environment: Mapping[str, str], kind: type[Read], values: dict[str, Any]) -> Iterator[str]:
    """Put the valid settings into `values` by their fields. Yields a line for each other one."""
    for field in msgspec.structs.fields(kind):
        given = environment.get(field.encode_name, "")
        if given and (wanted := find_mistake(given, field.type)):
            yield f"The setting {field.encode_name} must be {wanted}."
        elif given:
            values[field.name] = msgspec.convert(given, field.type, strict=False)
        elif field.default is NODEFAULT:
            yield f"The setting {field.encode_name} is missing."
