"""The database: a real `mongod` where there is one, SecantusDB's server otherwise."""

import shutil
import sys
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from infra.local.part import Part, Ready
from infra.local.ports import HOST

_REPLICA_SET = "local"
_NOT_YET_INITIALIZED = 94


def mongodb_command(port: int, data: Path) -> list[str]:
    """What to run; both keep their data below `data`, which must exist."""
    mongod = shutil.which("mongod")
    if mongod is None:
        secantusd = Path(sys.executable).parent / "secantusd-py"
        return [str(secantusd), "--host", HOST, "--port", str(port), "--storage-path", str(data)]
    # A replica set even of one, since only that knows `w=majority`, sessions and transactions.
    replica_set = ["--replSet", _REPLICA_SET, "--bind_ip", HOST]
    return [mongod, "--port", str(port), "--dbpath", str(data), *replica_set]


def mongodb_url(port: int) -> str:
    """The URL for clients. Without `journal` SecantusDB forgets acknowledged writes when it is killed."""
    return f"mongodb://{HOST}:{port}/pressroom?journal=true&w=majority"


def takes_writes(port: int) -> Ready:
    """Ready once it is a primary; a fresh `mongod` is made one on the way."""

    def probe(_part: Part) -> bool:
        client: MongoClient[dict[str, Any]] = MongoClient(
            HOST, port, directConnection=True, serverSelectionTimeoutMS=200
        )
        with client:
            try:
                hello = client.admin.command("hello")
                if not hello.get("isWritablePrimary") and not hello.get("secondary"):
                    _make_primary(client, f"{HOST}:{port}")
            except PyMongoError:
                return False
            return bool(hello.get("isWritablePrimary"))

    return probe


def _make_primary(client: MongoClient[dict[str, Any]], member: str) -> None:
    """Initiate the replica set, or move it to this port if an earlier run left it on another."""
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != _NOT_YET_INITIALIZED:
            raise
        config = {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": member}]}
        client.admin.command("replSetInitiate", config)
        return
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
