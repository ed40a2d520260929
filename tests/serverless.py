"""The webhook as a serverless function in the hands of a test: events as AWS shapes them, and a container."""

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Timer
from typing import Any, Self

from stripe import WebhookSignature

from tests.pressroom import Pressroom

Event = dict[str, Any]

SHAPES = ("rest_api", "http_api_payload_1", "http_api_payload_2", "function_url")
ROUTE = "/webhooks/stripe"
#: Warnings are errors, and the folder of tests is no place to import from.
RUNTIME = [sys.executable, "-P", "-W", "error", str(Path(__file__).parent / "lambda_runtime.py")]
PATIENCE_S = 30.0

#: The variables that Lambda sets beside a function's own settings.
LAMBDA = {
    "_HANDLER": "handlers.serverless.handler",
    "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_NAME": "pressroom-webhook",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/pressroom-webhook",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/03/01/[$LATEST]2f6c1b0a7d3e4a58",
    "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
    "AWS_REGION": "eu-central-1",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_SESSION_TOKEN": "example",
    "LAMBDA_TASK_ROOT": str(Path.cwd()),
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
}

#: The settings that the webhook needs, with servers that are nowhere.
NOWHERE = {
    "MONGODB_URL": "mongodb://nowhere.invalid/pressroom",
    "REDIS_URL": "redis://nowhere.invalid/0",
    "STRIPE_WEBHOOK_SECRET": "whsec_example",
    "STRIPE_LIVEMODE": "false",
}


def function_settings(door: Pressroom) -> dict[str, str]:
    """Return the settings that the webhook needs, and no other."""
    return {name: door.env.get(name, door.stack.env[name]) for name in NOWHERE}


class Container:
    """Container of the function: a process with a Lambda's environment, killed in the end as Lambda does."""

    def __init__(self, settings: Mapping[str, str], log: Path) -> None:
        """Start the process. `log` takes its stderr."""
        self._log = log
        with log.open("wb") as stderr:
            self._process = Popen(RUNTIME, stdin=PIPE, stdout=PIPE, stderr=stderr, env={**LAMBDA, **settings})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            process.kill()

    def answer(self, event: Event) -> Event:
        """Return the function's answer to an event."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        patience = Timer(PATIENCE_S, self._process.kill)
        patience.start()
        self._process.stdin.write(json.dumps(event).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        patience.cancel()
        assert line, self.output()
        answer: Event = json.loads(line)
        return answer

    def status(self, event: Event) -> int:
        """Return the status of the answer to an event."""
        return int(self.answer(event)["statusCode"])

    def output(self) -> str:
        """Return its output to stderr so far."""
        return self._log.read_text()


def sign(door: Pressroom, body: bytes) -> str:
    """Return Stripe's signature of a body."""
    secret = door.stack.env["STRIPE_WEBHOOK_SECRET"]
    header: str = WebhookSignature.generate_signature_header(body.decode(), secret)
    return header


def delivery(shape: str, body: bytes, *signatures: str, encoded: bool = False) -> Event:
    """Return the event of a POST to the webhook, with its body plain or in base64."""
    event = blank(shape)
    headers, multi = event["headers"], event.get("multiValueHeaders")
    name = next(header for header in headers if header.lower() == "stripe-signature")
    # Payload 1.0 has the last header of a name in one field and all of them in another; payload 2.0 joins them.
    headers[name] = ",".join(signatures) if multi is None else signatures[-1]
    if multi is not None:
        multi[name] = list(signatures)
    if "content-length" in headers:
        headers["content-length"] = str(len(body))
    event["body"] = base64.b64encode(body).decode() if encoded else body.decode()
    event["isBase64Encoded"] = encoded
    return event


def blank(shape: str) -> Event:
    """Return an event of that shape as its file has it."""
    file = Path(__file__).parent / "fixtures" / "serverless" / f"{shape}.json"
    event: Event = json.loads(file.read_text())
    return event


def sent_to(event: Event, path: str, method: str = "POST") -> Event:
    """Return the event as if it had come to another path, or by another method."""
    if event.get("version") == "2.0":
        http = {**event["requestContext"]["http"], "path": path, "method": method}
        return {**event, "rawPath": path, "requestContext": {**event["requestContext"], "http": http}}
    context = {**event["requestContext"], "httpMethod": method}
    return {**event, "path": path, "httpMethod": method, "requestContext": context}
