"""The secrets of one data folder: made once, kept, so that yesterday's links still verify today."""

import os
import secrets
from pathlib import Path

import msgspec


class Secrets(msgspec.Struct, frozen=True):
    """What the parts and Pressroom share."""

    secret_key: str
    stripe_api_key: str
    stripe_webhook_secret: str
    openai_api_key: str
    aws_access_key_id: str
    aws_secret_access_key: str


def load_secrets(path: Path) -> Secrets:
    """The secrets kept in this file; made and written with mode 0600 if there are none yet."""
    if not path.exists():
        _write(path, _make())
    return msgspec.json.decode(path.read_bytes(), type=Secrets)


def _make() -> Secrets:
    return Secrets(
        secret_key=secrets.token_urlsafe(32),
        stripe_api_key=f"sk_test_{secrets.token_hex(16)}",
        stripe_webhook_secret=f"whsec_{secrets.token_hex(16)}",
        openai_api_key=f"sk-local-{secrets.token_hex(16)}",
        aws_access_key_id=f"AKIA{secrets.token_hex(8).upper()}",
        aws_secret_access_key=secrets.token_hex(20),
    )


def _write(path: Path, made: Secrets) -> None:
    # Whole or not at all: a half-written file would stop every later start.
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(made))
    unfinished.replace(path)
