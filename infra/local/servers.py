"""The six outside services, each as a part, in the order in which they are started."""

import sys
from pathlib import Path

from infra.local.environment import BUCKET, Ports
from infra.local.mongodb import mongodb_command, takes_writes
from infra.local.part import Part, Ready
from infra.local.ports import HOST
from infra.local.probes import answers_http, answers_redis
from infra.local.reaper import Reaper
from infra.local.redis_server import redis_command


class Servers:
    """Makes the parts of one data folder."""

    def __init__(self, folder: Path, env: dict[str, str], ports: Ports, reaper: Reaper) -> None:
        self._folder = folder
        self._env = env
        self._ports = ports
        self._reaper = reaper

    def all(self, *, latency_s: float, requests_per_minute: int, tokens_per_minute: int) -> list[Part]:
        """All of them, none started."""
        limits = ["--requests-per-minute", str(requests_per_minute)]
        limits += ["--tokens-per-minute", str(tokens_per_minute)]
        return [
            self._mongodb(),
            self._redis(),
            self._s3(),
            self._mail(),
            self._llm(["--latency", str(latency_s), *limits]),
            self._stripe(),
        ]

    def _mongodb(self) -> Part:
        port = self._ports.mongodb
        command = mongodb_command(port, self._data("mongodb"))
        return self._part("mongodb", command, takes_writes(port), port)

    def _redis(self) -> Part:
        port = self._ports.redis
        return self._part("redis", redis_command(port, self._data("redis")), answers_redis(port), port)

    def _s3(self) -> Part:
        port = self._ports.s3
        command = [str(Path(sys.executable).parent / "moto_server"), "-H", HOST, "-p", str(port)]
        # It forgets everything when it ends, so making the bucket is part of every start.
        return self._part("s3", command, answers_http(port, method="PUT", path=f"/{BUCKET}"), port)

    def _mail(self) -> Part:
        smtp, http = self._ports.smtp, self._ports.inbox
        maildir = str(self._data("mail") / "maildir")
        where = ["--smtp-port", str(smtp), "--http-port", str(http), "--maildir", maildir]
        return self._part("mail", _module("mail", *where), answers_http(http), http)

    def _llm(self, options: list[str]) -> Part:
        port = self._ports.llm
        command = _module("llm", "--port", str(port), *options)
        return self._part("llm", command, answers_http(port, path="/faults"), port)

    def _stripe(self) -> Part:
        port = self._ports.stripe
        webhook_url = f"http://{HOST}:{self._ports.web}/webhooks/stripe"
        command = _module("stripe_stub", "--port", str(port), "--webhook-url", webhook_url)
        return self._part("stripe", command, answers_http(port, path="/deliveries"), port)

    def _part(self, name: str, command: list[str], ready: Ready, port: int) -> Part:
        return Part(
            name,
            command,
            env=self._env,
            folder=self._data(name),
            log=self._folder / "logs" / f"{name}.log",
            ready=ready,
            port=port,
            reaper=self._reaper,
        )

    def _data(self, name: str) -> Path:
        data = self._folder / name
        data.mkdir(parents=True, exist_ok=True)
        return data


def _module(name: str, *options: str) -> list[str]:
    return [sys.executable, "-m", f"infra.local.{name}", *options]
