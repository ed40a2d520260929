"""Plain processes with the commands and settings of a file of infra/deploy, at the local stack's addresses."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from infra.local.part import Part
from infra.local.stack import Stack
from tests.infra.deploy.files import Process, processes
from tests.ports import free_ports
from tests.pressroom import Pressroom

#: Where a server is, and what it lets in: the local stack's own take their place.
OF_SERVERS = {
    "AWS_ACCESS_KEY_ID",
    "AWS_ENDPOINT_URL_S3",
    "AWS_SECRET_ACCESS_KEY",
    "MAIL_URL",
    "METRICS_HOST",
    "METRICS_PORT",
    "MONGODB_URL",
    "OPENAI_API_KEY",
    "PUBLIC_URL",
    "REDIS_URL",
    "S3_PUBLIC_URL",
    "STRIPE_API_KEY",
    "STRIPE_WEBHOOK_SECRET",
}


class Start(NamedTuple):
    """Process to be started: the words after `pressroom`, and settings that lie over all others."""

    words: Sequence[str]
    env: Mapping[str, str]

    @property
    def kind(self) -> str:
        """Its subcommand."""
        return self.words[0]


def begin(house: Pressroom, start: Start) -> Part:
    """Begin a process, for which `wait_ready` must follow."""
    return house.start(*start.words, wait=False, **dict(start.env))


def with_settings() -> list[Process]:
    """Return the processes of all files that give any settings."""
    return [one for one in processes() if one.env]


def files_with_settings() -> list[str]:
    """Return the names of these files."""
    return sorted({one.file for one in with_settings()})


def starts_of(file: str, stack: Stack, queues: Sequence[str]) -> list[Start]:
    """Return what a file starts, as often as it does, but for workers of other queues than these."""
    doors = iter([stack.web_port, *free_ports(2)])
    return [
        Start(_words(one, doors), _settings(one, stack))
        for one in with_settings()
        if one.file == file and (one.command[1] != "worker" or one.command[2] in queues)
        for _ in range(one.number)
    ]


def _words(one: Process, doors: Iterator[int]) -> list[str]:
    command = one.command[1:]
    here = {"--host": "127.0.0.1", "--port": str(next(doors))} if command[0] == "web" else {}
    return [here.get(before, word) for before, word in zip(["", *command], command, strict=False)]


def _settings(one: Process, stack: Stack) -> dict[str, str]:
    kept = {name: value for name, value in one.env.items() if name not in OF_SERVERS}
    (port,) = free_ports(1)
    return {**kept, "METRICS_PORT": str(port), "S3_PUBLIC_URL": stack.urls.s3}
