"""Environment of Pressroom's processes and of our stubs, and the secrets in it."""

import os
import secrets
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

import msgspec

from infra.local.llm.limits import REQUESTS, TOKENS
from infra.local.ports import HOST

BUCKET = "pressroom"

# Variables of the developer's own shell for the real services must not reach a local process.
_VENDORS = ("ALERT_", "AWS_", "MAIL_", "MONGODB_", "OPENAI_", "REDIS_", "S3_", "STRIPE_")
_FOREIGN = (*_VENDORS, "AUTOMATIC_TAX", "INSTALLATION", "METRICS_", "PROMOTION_CODES", "TAX_", "TIMEZONE")

T = TypeVar("T")


class Services(NamedTuple, Generic[T]):
    """Where each service listens: its port, or its address in HTTP."""

    mongodb: T
    redis: T
    s3: T
    smtp: T
    inbox: T
    llm: T
    stripe: T
    web: T


def outer_environment() -> dict[str, str]:
    """Return this process's environment without variables of real services, and with no proxy for this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "NO_PROXY": HOST, "no_proxy": HOST, "PYTHONUNBUFFERED": "1"}


def pressroom_environment(ports: Services[int], urls: Services[str], mongodb_url: str) -> dict[str, str]:
    """Return every setting that Pressroom's processes need with the local stack, but for its secrets."""
    return {
        "MONGODB_URL": mongodb_url,
        "REDIS_URL": f"redis://{HOST}:{ports.redis}/0",
        "STRIPE_API_BASE": urls.stripe,
        "STRIPE_LIVEMODE": "false",
        "PROMOTION_CODES": "true",
        "OPENAI_BASE_URL": f"{urls.llm}/v1",
        "OPENAI_MODEL": "gpt-5-mini",
        "LLM_REQUESTS_PER_MINUTE": str(REQUESTS),
        "LLM_TOKENS_PER_MINUTE": str(TOKENS),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": urls.s3,
        "S3_BUCKET": BUCKET,
        "MAIL_URL": f"smtp://{HOST}:{ports.smtp}",
        "MAIL_FROM": "Pressroom <reports@pressroom.example>",
        "ALERT_MAIL": "operator@pressroom.example",
        "PUBLIC_URL": urls.web,
        "LOG_FORMAT": "json",
    }


def keep_secrets(file: Path) -> dict[str, str]:
    """Return the secrets in this file, as settings: made once, so that yesterday's links still verify today."""
    if not file.exists():
        made = {
            "secret_key": secrets.token_urlsafe(32),
            "stripe_api_key": f"sk_test_{secrets.token_hex(16)}",
            "stripe_webhook_secret": f"whsec_{secrets.token_hex(16)}",
            "openai_api_key": f"sk-local-{secrets.token_hex(16)}",
            "aws_access_key_id": f"AKIA{secrets.token_hex(8).upper()}",
            "aws_secret_access_key": secrets.token_hex(20),
        }
        # Whole or not at all: a half-written file would stop every later start.
        unfinished = file.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_bytes(msgspec.json.encode(made))
        unfinished.replace(file)
    kept = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    return {name.upper(): value for name, value in kept.items()}
