"""Probes: every side effect of a process is noted, at the seams of the libraries that carry it.

MongoDB's driver tells listeners of its commands. The other libraries are wrapped where tracing libraries wrap
them, at the one public method through which all calls go. Nothing of ours is touched.
"""

import functools
import inspect
import json
import re
import smtplib
from collections.abc import Callable
from typing import Any, NamedTuple

import botocore.endpoint
import httpx2
import pymongo.monitoring
import redis
import redis.asyncio
import stripe
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from tests.crashes.edges import Edge, Journal, Moment, site

_WRITES = {"insert", "update", "delete", "findAndModify", "bulkWrite"}
_STORING = {"PutObject", "CopyObject", "DeleteObject"}
_HASH = re.compile(r"\w{32,}")


class Seam(NamedTuple):
    """Public method of a library. `effect_of` names the side effect of a call by its arguments, if it has one.

    Given `happened`, only answers that it accepts are noted: of the others nothing came.
    """

    owner: type
    method: str
    effect_of: Callable[..., str | None]
    happened: Callable[[Any], bool] | None = None


def _sent(_: object, *command: Any, **__: object) -> str | None:
    """Name what a script of the broker or of the limiter does: it sends messages, and who takes them is told."""
    if command[0] != "EVALSHA" or _is_fetch(command):
        return None
    messages = [part for part in command if isinstance(part, bytes) and part.startswith(b"{")]
    actors = sorted({json.loads(message)["actor_name"] for message in messages})
    if not actors:
        return "redis script"
    return f"redis send {actors[0] if len(actors) == 1 else 'several'}"


def _taken(_: object, *command: Any, **__: object) -> str | None:
    return "redis take" if command[0] == "EVALSHA" and _is_fetch(command) else None


def _is_fetch(command: tuple[Any, ...]) -> bool:
    return any(isinstance(part, str) and "__acks__" in part for part in command[3:7])


def _stored(_: object, operation: Any, request: dict[str, Any]) -> str | None:
    if operation.name not in _STORING:
        return None
    key = request["url_path"].partition("/orders/")[2].partition("/")[2]
    return f"s3 {operation.name} {_HASH.sub('*', key)}"


def _asked_llm(_: object, request: httpx2.Request) -> str | None:
    return "llm call" if request.url.path.endswith("/responses") else None


def _asked_stripe(_: object, method: str, url: str, *__: object, **___: object) -> str | None:
    return f"stripe {method} {url.partition('/v1/')[2].partition('?')[0]}" if method.lower() == "post" else None


def _letter_ended(_: object, data: Any) -> str | None:
    return "mail the letter" if isinstance(data, bytes) and data.endswith(b"\r\n.\r\n") else None


SEAMS = (
    Seam(redis.Redis, "execute_command", _sent),
    Seam(redis.Redis, "execute_command", _taken, happened=bool),
    Seam(redis.client.Pipeline, "execute", lambda *_, **__: "redis pipeline"),
    Seam(redis.asyncio.Redis, "execute_command", _sent),
    Seam(botocore.endpoint.Endpoint, "make_request", _stored),
    Seam(httpx2.AsyncHTTPTransport, "handle_async_request", _asked_llm),
    Seam(stripe.RequestsClient, "request", _asked_stripe),
    Seam(smtplib.SMTP, "connect", lambda *_, **__: "mail connect"),
    Seam(smtplib.SMTP, "docmd", lambda _, command, *__: f"mail {command}"),
    Seam(smtplib.SMTP, "send", _letter_ended),
)


class _Commands(CommandListener):
    """Notes every write before MongoDB sees it, and once it has answered."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._collections: dict[int, str] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _WRITES:
            self._collections[event.request_id] = collection = event.command[event.command_name]
            self._note("before", event.command_name, collection)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if collection := self._collections.pop(event.request_id, None):
            self._note("after", event.command_name, collection)

    def failed(self, event: CommandFailedEvent) -> None:
        self._collections.pop(event.request_id, None)

    def _note(self, moment: Moment, command: str, collection: str) -> None:
        self._journal.note(moment, Edge(f"mongodb {command} {collection}", site()))


def install(journal: Journal) -> None:
    """Note the side effects of this process from now on."""
    pymongo.monitoring.register(_Commands(journal))
    for seam in SEAMS:
        plain = getattr(seam.owner, seam.method)
        around = _around_coroutine if inspect.iscoroutinefunction(plain) else _around_function
        setattr(seam.owner, seam.method, functools.wraps(plain)(around(seam, plain, journal)))


def _around_function(seam: Seam, plain: Callable[..., Any], journal: Journal) -> Callable[..., Any]:
    def noted(*args: Any, **named: Any) -> Any:
        effect = seam.effect_of(*args, **named)
        if effect is None:
            return plain(*args, **named)
        edge = Edge(effect, site())
        _come_to(seam, edge, journal)
        answer = plain(*args, **named)
        _pass(seam, edge, journal, answer)
        return answer

    return noted


def _around_coroutine(seam: Seam, plain: Callable[..., Any], journal: Journal) -> Callable[..., Any]:
    async def noted(*args: Any, **named: Any) -> Any:
        effect = seam.effect_of(*args, **named)
        if effect is None:
            return await plain(*args, **named)
        edge = Edge(effect, site())
        _come_to(seam, edge, journal)
        answer = await plain(*args, **named)
        _pass(seam, edge, journal, answer)
        return answer

    return noted


def _come_to(seam: Seam, edge: Edge, journal: Journal) -> None:
    if seam.happened is None:
        journal.note("before", edge)


def _pass(seam: Seam, edge: Edge, journal: Journal, answer: Any) -> None:
    if seam.happened is None or seam.happened(answer):
        journal.note("after", edge)
