"""`pressroom doctor` on servers that are away, and on a MongoDB that is no replica set."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import Any

from pymongo import MongoClient

from infra.local.mongod import find_mongod
from infra.local.ports import HOST
from tests.handlers.doctor import Finding, examine
from tests.ports import free_ports
from tests.pressroom import Pressroom


def test_servers_that_say_nothing_keep_the_doctor_from_no_finding(front_door: Pressroom) -> None:
    """All are waited for at once, none for ever, and each has its line."""
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        address = f"{HOST}:{silent.getsockname()[1]}"
        url = f"http://{address}"
        found = examine(
            front_door,
            "--call",
            "--event",
            MONGODB_URL=f"mongodb://{address}/silent",
            REDIS_URL=f"redis://{address}/0",
            MAIL_URL=f"smtp://{address}",
            STRIPE_API_BASE=url,
            OPENAI_BASE_URL=url,
            AWS_ENDPOINT_URL_S3=url,
            PUBLIC_URL=url,
        )
    assert found.code == 1
    away = (
        "model",
        "mongodb",
        "clock",
        "redis",
        "mail",
        "stripe key",
        "stripe endpoint",
        "webhook",
        "stripe event",
    )
    assert [server for server in (*away, "call", "s3") if found[server].well] == []


@contextmanager
def mongod(folder: Path, *options: str) -> Iterator[int]:
    """Run a member, and give its port once it answers."""
    (port,) = free_ports(1)
    frugal = ["--wiredTigerCacheSizeGB", "0.25", "--dbpath", str(folder), "--bind_ip", HOST, "--port", str(port)]
    process = Popen([find_mongod(), *frugal, *options], stdout=DEVNULL)
    try:
        with MongoClient[dict[str, Any]](HOST, port, directConnection=True) as client:
            client.admin.command("ping")
        yield port
    finally:
        process.kill()
        process.wait()


def mongodb(door: Pressroom, port: int, queries: Sequence[str]) -> list[Finding]:
    """Return what the doctor finds about that server, with each query in the URL."""
    urls = [f"mongodb://{HOST}:{port}/alone{query}" for query in queries]
    return [examine(door, "mongodb", MONGODB_URL=url)["mongodb"] for url in urls]


def test_a_mongodb_that_is_no_replica_set_is_told(front_door: Pressroom, tmp_path: Path) -> None:
    """The line has the commands that make it one, whether or not the URL names a set."""
    with mongod(tmp_path) as port:
        plain, named = mongodb(front_door, port, ("", "?replicaSet=rs0"))
    assert (plain.well, named.well) == (False, False)
    assert "is no replica set. Start mongod with --replSet NAME, and call rs.initiate()" in plain.text
    assert "no server is of the replica set that it names" in named.text


def test_a_replica_set_that_was_never_begun_is_told(front_door: Pressroom, tmp_path: Path) -> None:
    """Only the command in mongosh is missing."""
    with mongod(tmp_path, "--replSet", "rs0") as port:
        (found,) = mongodb(front_door, port, ("?replicaSet=rs0",))
    assert (found.well, found.text.startswith("MONGODB_URL: its replica set was never begun")) == (False, True)
