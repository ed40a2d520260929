"""KEDA's redis trigger, as the manifests set it up: its question to Redis, and the workers that follow."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import redis

from tests.infra.deploy.files import of_kind, pod_of

#: The length of whatever is kept under a key, by its type: `getRedisListLength` of KEDA's redis_scaler.go asks the
#: same, by EVAL.
_QUESTION = """
local how = {hash = 'hlen', list = 'llen', none = 'llen'}
return redis.call(how[redis.call('type', KEYS[1])['ok']], KEYS[1])
"""


class Trigger(NamedTuple):
    """Key that is counted, in a database, the length of it for which there shall be one worker, and its bounds."""

    key: str
    database: int
    length: int
    least: int
    most: int

    def asks(self, server: redis.Redis) -> int:
        """Return what is counted."""
        return int(server.eval(_QUESTION, 1, self.key))

    def workers(self, server: redis.Redis) -> int:
        """Return how many workers there shall be: none only if nothing is counted."""
        return min(self.most, max(self.least, math.ceil(self.asks(server) / self.length)))


def triggers_of(queue: str) -> Iterator[Trigger]:
    """Yield the triggers of a queue's workers."""
    commands = {one["metadata"]["name"]: pod_of(one)[1]["args"] for one in of_kind("Deployment", "keda")}
    for scaled in of_kind("ScaledObject", "keda"):
        spec = scaled["spec"]
        if commands[spec["scaleTargetRef"]["name"]][1:] == ["worker", queue]:
            for one in (trigger["metadata"] for trigger in spec["triggers"]):
                bounds = spec["minReplicaCount"], spec["maxReplicaCount"]
                yield Trigger(one["listName"], int(one["databaseIndex"]), int(one["listLength"]), *bounds)
