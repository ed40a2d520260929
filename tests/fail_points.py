"""Commands that a `mongod` fails, as a test chooses."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from infra.local.ports import HOST


@contextmanager
def failing(port: int, commands: Sequence[str], *, times: int = 0, **how: Any) -> Iterator[None]:
    """Make the member on that port fail these commands for the length of the block, or just so many of them.

    `how` names the failure, such as `errorCode`, `writeConcernError` or `closeConnection`, and its `namespace`.
    """
    point = {"configureFailPoint": "failCommand"}
    mode = {"times": times} if times else "alwaysOn"
    with MongoClient[dict[str, Any]](HOST, port, directConnection=True) as client:
        client.admin.command({**point, "mode": mode, "data": {"failCommands": list(commands), **how}})
        try:
            yield
        finally:
            client.admin.command({**point, "mode": "off"})
