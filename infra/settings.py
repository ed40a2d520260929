"""Settings: environment variables, read once when a process starts, and checked whole.

Each setting is one line of a class: its type, its checks, its default. All mistakes are reported at once. The
comment above it is its entry in docs/configuration.md: the processes that use it, `secret` if it is, its meaning.
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
    BUCKET,
    KEY,
    MAIL_URL,
    MONGODB_URL,
    NAME,
    NETWORKS,
    PUBLIC_URL,
    REDIS_URL,
    SECRETS,
    SIGNING_SECRETS,
    STRIPE_KEY,
    TAX_CODE,
    TEXT,
    WEB_URL,
    WORDS,
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

    #: [all; secret] MongoDB 6 or later, a replica set; of one will do. The database is `pressroom` where the
    #: URL names none. TLS: `tls=true`, or `mongodb+srv://`.
    mongodb_url: Annotated[Text, MONGODB_URL]
    #: [all; secret] Redis 6.2 or later, or Valkey: one server (no cluster, no Sentinel; its name may lead to
    #: another primary), a database of its own, `noeviction`, append-only file on. TLS: `rediss://`.
    redis_url: Annotated[Text, REDIS_URL]
    #: [web, function, cli; secret] What Stripe signs events with. Two while it rotates, in any order.
    stripe_webhook_secret: Annotated[Text, SIGNING_SECRETS]
    #: [all] Events of the other mode are recorded and ignored. In live mode customers' addresses are https, and
    #: mail is encrypted.
    stripe_livemode: bool
    #: [web, function, cli] The zone of the customers' day: the date on a book's cover, and the first of its
    #: months. An order keeps the one that it was placed in, and [brands](brands.md) may have their own.
    timezone: Annotated[Text, ZONE] = "UTC"
    #: [all] A name by which this installation knows its own Checkout Sessions where several share a Stripe
    #: account ([decision 29](decisions/0029-whose-money.md)).
    installation: Annotated[Text, NAME] | None = None
    #: [all] The brands that are served, as TOML: [brands](brands.md).
    tenants_file: Text | None = None
    #: [all] `false`: neither books nor pages nor letters say that the text is written by an AI, as sellers in the
    #: EU must. An order keeps the one that it was placed under, for its books.
    ai_notice: bool = True
    #: [all] The form of the lines on stderr.
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

    #: [web, mail, sweep, cli; secret] [Its permissions](runbooks/setting-up.md).
    stripe_api_key: Annotated[Text, STRIPE_KEY]
    #: [web, mail, sweep, cli] For tests: where Stripe's API is, if not at Stripe.
    stripe_api_base: WebUrl | None = None
    #: [worker, sweep, cli; secret] The account at the LLM's provider.
    openai_api_key: Annotated[Text, KEY]
    #: [web, worker, sweep, cli] For other servers of the Responses API than OpenAI's.
    openai_base_url: WebUrl | None = None
    #: [web, worker, mail, sweep, cli] The model that writes.
    openai_model: Text
    #: [web, worker, mail, cli] At most what the provider allows; all workers together keep it.
    llm_requests_per_minute: Count
    #: [web, worker, cli] As above.
    llm_tokens_per_minute: Count
    #: [web, worker, cli] Seconds that one call may take. At most what a writing step has room for, within its
    #: limit of 600 s: a minute in line and one of records.
    llm_timeout_s: Annotated[float, Meta(gt=0, le=480)] = 120.0
    #: [worker] Seconds of failing after which a step is a dead letter.
    step_give_up_s: Seconds = 3600.0
    #: [web, worker, mail, cli] Prices of models as TOML, laid over those of the package:
    #: [prices](runbooks/provider.md#prices).
    llm_prices_file: Text | None = None
    #: [web, worker, mail, cli] The most that one order may cost at the LLM; beyond it, it is paused for an
    #: operator. Workers that write do not start while the model's price is unknown.
    order_budget_usd: Dollars | None = None
    #: [mail] Seconds after which the customer of a failed order hears of it.
    failure_letter_after_s: Seconds = 1800.0
    #: [mail] Seconds after which a failed order of which no report is made is refunded. Without it, an operator
    #: decides.
    refund_after_s: Seconds | None = None
    #: [mail] Days after an order's delivery, refund or unpaid end when its customer is forgotten:
    #: [privacy](runbooks/privacy.md).
    retain_reports_days: Count | None = None
    #: [sweep] Days after their arrival when Stripe's events are removed.
    retain_events_days: Count | None = None
    #: [web, worker, mail] Seconds for calls in flight at SIGTERM; a call that takes longer is bought again. The
    #: platform waits 5 s longer.
    grace_s: Seconds = 25.0
    #: [web, worker, mail, sweep, cli] As boto3 reads it: where Amazon's services are, if not at Amazon.
    aws_endpoint_url: WebUrl | None = None
    #: [web, worker, mail, sweep, cli] As above, for S3 alone.
    aws_endpoint_url_s3: WebUrl | None = None
    #: [web, worker, mail, sweep, cli] The bucket's region, as Amazon's own platforms name it.
    aws_region: Text | None = None
    #: [web, worker, mail, sweep, cli] The same, as boto3 names it; this one goes first.
    aws_default_region: Text | None = None
    #: [web, worker, mail, sweep, cli] It must exist: [its permissions](runbooks/store.md).
    s3_bucket: Annotated[Text, BUCKET]
    #: [web, cli] Where customers reach S3, if not at the endpoint; links are signed for it.
    s3_public_url: WebUrl | None = None
    #: [web, mail, sweep, cli; secret] STARTTLS is required with a login and in live mode. `ses://` is Amazon
    #: SES: [mail](runbooks/mail.md).
    mail_url: Annotated[Text, MAIL_URL]
    #: [web, worker, mail, sweep, cli] The sender of letters; brands may have their own.
    mail_from: Annotated[Text, ADDRESS]
    #: [mail, sweep, cli] Who hears of what needs a person.
    alert_mail: Annotated[Text, ADDRESSES]
    #: [web, mail, sweep; secret] Alerts are posted there too, as `{"kind", "order", "event", "text"}`, which
    #: Slack takes.
    alert_webhook_url: WebUrl | None = None
    #: [web, mail, sweep, cli] Where customers reach `web`.
    public_url: Annotated[Text, PUBLIC_URL]
    #: [web, mail, cli; secret] Signs the links in letters, which do not expire. [To change
    #: it](runbooks/secrets.md#secret_key): `new,old`.
    secret_key: Annotated[Text, SECRETS]
    #: [web, mail, cli] `true`: a customer who got all of the money back after delivery keeps the download.
    keep_refunded_reports: bool = False
    #: [web] The words that a customer of the shop must agree to, for sellers in the EU
    #: ([decision 49](decisions/0049-what-is-sold.md)). They are kept with the order.
    consent: Annotated[str, Meta(min_length=1, max_length=1000), WORDS] | None = None
    #: [web] `true`: the payment page takes promotion codes, which are made in Stripe's dashboard.
    promotion_codes: bool = False
    #: [web] Stripe adds the tax of the customer's country to the price (`exclusive`) or takes it to be in it
    #: (`inclusive`): [tax](runbooks/stripe.md#tax). Without it, no tax is reckoned.
    automatic_tax: Literal["exclusive", "inclusive"] | None = None
    #: [web] Stripe's code of what is sold, `txcd_` and eight digits, if it is not the account's preset one.
    tax_code: Annotated[Text, TAX_CODE] | None = None
    #: [web] `true`: the payment page asks companies for their tax number.
    tax_ids: bool = False
    #: [web, worker, mail, sweep, cli] In live mode every address is https, but for this machine (customers'
    #: addresses) and inner networks (those of servers); `true` allows servers elsewhere, too.
    allow_plain_http: bool = False
    #: [web] The balancers before `web`. Their `X-Forwarded-For` then tells whose request it is.
    trusted_proxies: Annotated[Text, NETWORKS] | None = None
    #: [web; secret] Opens `/metrics` of `web` to Prometheus; without it only this machine itself may look, and
    #: through no proxy. While it is changed: `new,old`.
    metrics_token: Annotated[Text, SECRETS] | None = None
    #: [web, worker, mail, sweep] Where each process shows its own figures: at that port, or the next of twenty
    #: that is free ([metrics](runbooks/metrics.md)).
    metrics_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    #: [web, worker, mail, sweep] The address that it listens on for that. An inner one, never a public one.
    metrics_host: Text = "127.0.0.1"
    #: [web, worker, mail, sweep] As OpenTelemetry's SDK reads it: where traces go, over HTTP
    #: ([decision 56](decisions/0056-traces.md)). It takes the optional dependencies `pressroom[traces]`, and any
    #: other of the SDK's own variables, such as `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER`.
    otel_exporter_otlp_endpoint: WebUrl | None = None
    #: [web, worker, mail, sweep] The same, of traces alone, as the whole address.
    otel_exporter_otlp_traces_endpoint: WebUrl | None = None
    #: [web, worker, mail, sweep] `true`: no traces, whatever else is set.
    otel_sdk_disabled: bool = False
    #: [web; secret] The operators who may sign in at `/ops`. Without it there are no such pages. `web --only
    #: operators` serves them alone, on a port of their own.
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
