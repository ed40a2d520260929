"""Replica set: whether MongoDB is one, and what it lacks, by what the driver has seen of its servers."""

from pymongo.server_type import SERVER_TYPE

from infra.errors import SettingsError
from storage.database import Database, DatabaseIsDown, translating

_INITIATE = "call rs.initiate() once in mongosh; one member will do"


async def expect_replica_set(db: Database) -> None:
    """Return if MongoDB answers as a replica set, or as a router before one.

    DatabaseIsDown, or SettingsError with what is to be done.
    """
    try:
        hello = await translating(db.client.admin.command)("hello")
    except DatabaseIsDown:
        _expect_members(db)
        raise
    if "setName" not in hello and hello.get("msg") != "isdbgrid":
        raise SettingsError(
            f"MONGODB_URL: it is no replica set. Start mongod with --replSet NAME, and {_INITIATE}."
        )


def _expect_members(db: Database) -> None:
    """Look for servers that answer the driver, and are of no use to it."""
    servers = db.client.topology_description.server_descriptions().values()
    if not servers:  # the driver leaves out those that are not of the set that the URL names
        start = "Start mongod with --replSet and that name"
        raise SettingsError(
            f"MONGODB_URL: no server is of the replica set that it names. {start}, and {_INITIATE}."
        )
    if any(server.server_type == SERVER_TYPE.RSGhost for server in servers):
        raise SettingsError(f"MONGODB_URL: its replica set was never begun: {_INITIATE}.")
