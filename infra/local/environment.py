"""The environment in which Pressroom's processes and our stubs run."""

import os
from dataclasses import dataclass

from infra.local.mongodb import mongodb_url
from infra.local.ports import HOST
from infra.local.redis_server import redis_url
from infra.local.secrets_file import Secrets

BUCKET = "pressroom"
MODEL = "gpt-5-mini"

# What the developer's own shell may hold for the real services must not reach a local process.
_FOREIGN = ("AWS_", "STRIPE_", "OPENAI_", "MONGODB_", "REDIS_", "MAIL_", "S3_")


@dataclass(frozen=True)
class Ports:
    """Where each part listens."""

    mongodb: int
    redis: int
    s3: int
    smtp: int
    inbox: int
    llm: int
    stripe: int
    web: int


def outer_environment() -> dict[str, str]:
    """This process's environment without what is meant for real services, and with no proxy for this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "NO_PROXY": HOST, "no_proxy": HOST, "PYTHONUNBUFFERED": "1"}


def pressroom_environment(
    ports: Ports, secrets: Secrets, *, requests_per_minute: int, tokens_per_minute: int
) -> dict[str, str]:
    """Every setting that Pressroom's processes need to work with the local stack, and nothing else."""
    return {
        "MONGODB_URL": mongodb_url(ports.mongodb),
        "REDIS_URL": redis_url(ports.redis),
        "STRIPE_API_KEY": secrets.stripe_api_key,
        "STRIPE_API_BASE": f"http://{HOST}:{ports.stripe}",
        "STRIPE_WEBHOOK_SECRET": secrets.stripe_webhook_secret,
        "STRIPE_LIVEMODE": "false",
        "OPENAI_API_KEY": secrets.openai_api_key,
        "OPENAI_BASE_URL": f"http://{HOST}:{ports.llm}/v1",
        "OPENAI_MODEL": MODEL,
        "LLM_REQUESTS_PER_MINUTE": str(requests_per_minute),
        "LLM_TOKENS_PER_MINUTE": str(tokens_per_minute),
        "AWS_ACCESS_KEY_ID": secrets.aws_access_key_id,
        "AWS_SECRET_ACCESS_KEY": secrets.aws_secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL_S3": f"http://{HOST}:{ports.s3}",
        "S3_BUCKET": BUCKET,
        "MAIL_URL": f"smtp://{HOST}:{ports.smtp}",
        "MAIL_FROM": "Pressroom <reports@pressroom.example>",
        "ALERT_MAIL": "operator@pressroom.example",
        "PUBLIC_URL": f"http://{HOST}:{ports.web}",
        "SECRET_KEY": secrets.secret_key,
        "LOG_FORMAT": "json",
    }
