"""Settings: environment variables, read once when a process starts, and checked whole."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from infra.errors import SettingsError

Text = Annotated[str, Meta(min_length=1, max_length=4096)]
Seconds = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]
Dollars = Annotated[float, Meta(gt=0, le=1_000_000)]
_REGION = re.compile(r"ses://[a-z0-9-]+", re.ASCII)
Read = TypeVar("Read", bound="WebhookSettings")


class WebhookSettings(msgspec.Struct, frozen=True, kw_only=True, rename=str.upper):
    """The webhook's settings: no key of a vendor, none that could read or send a customer's report."""

    mongodb_url: Text
    redis_url: Text
    stripe_webhook_secret: Text
    stripe_livemode: bool
    tenants_file: Text | None = None
    log_format: Literal["json", "text"] = "json"

    def __post_init__(self) -> None:
        """Refuse values of the right type that cannot work."""
        _expect_scheme("MONGODB_URL", self.mongodb_url, "mongodb", "mongodb+srv")
        _expect_scheme("REDIS_URL", self.redis_url, "redis", "rediss")
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
    llm_timeout_s: Seconds = 120.0
    step_give_up_s: Seconds = 3600.0
    order_budget_usd: Dollars | None = None
    failure_letter_after_s: Seconds = 1800.0
    refund_after_s: Seconds | None = None
    retain_reports_days: Count | None = None
    retain_events_days: Count | None = None
    grace_s: Seconds = 30.0
    aws_endpoint_url_s3: Text | None = None
    s3_bucket: Text
    mail_url: Text
    mail_from: Text
    alert_mail: Text
    alert_webhook_url: Text | None = None
    public_url: Text
    secret_key: Annotated[str, Meta(min_length=16, max_length=4096)]

    def __post_init__(self) -> None:
        """Refuse values of the right type that cannot work."""
        super().__post_init__()
        _expect_scheme("MAIL_URL", self.mail_url, "smtp", "smtps", "ses")
        if self.mail_url.startswith("ses:") and not _REGION.fullmatch(self.mail_url):
            raise SettingsError("MAIL_URL must name a region of SES alone, as in ses://eu-west-1.")
        _expect_scheme("PUBLIC_URL", self.public_url, "http", "https")
        if self.alert_webhook_url is not None:
            _expect_scheme("ALERT_WEBHOOK_URL", self.alert_webhook_url, "http", "https")
        for name, address in (("MAIL_FROM", self.mail_from), ("ALERT_MAIL", self.alert_mail)):
            if "@" not in address or "\n" in address:
                raise SettingsError(f"{name} is not a mail address.")


def _expect_scheme(name: str, url: str, *schemes: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise SettingsError(f"{name} is not a URL: a bracket in a password is written %5B or %5D.") from None
    if parts.scheme not in schemes or not parts.netloc:
        raise SettingsError(f"{name} must be a URL that begins with {' or '.join(s + '://' for s in schemes)}.")


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
