"""The primary of a set of three, whichever member it is: lost in three ways, and mended."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from infra.local.part import Part
from infra.local.ports import HOST
from infra.local.stack import Stack

#: Several times the 10 s after which a member stands for election, for a busy machine.
_PATIENCE_S = 60.0
#: How long who stepped down does not stand again. The others have half of it to catch up.
_ASIDE_S = 10


class Primary:
    """Each way of losing it returns once there is another, whose writes a majority has."""

    def __init__(self, stack: Stack) -> None:
        """Nothing is lost yet."""
        self._stack = stack
        self._client: MongoClient[dict[str, Any]] = MongoClient(stack.env["MONGODB_URL"])
        self._killed: Part | None = None
        self._frozen: Part | None = None
        self._until(self._is_whole)

    @property
    def part(self) -> Part:
        """The member that is the primary now."""
        address = self._client.primary
        return next(part for part in self._stack.parts if address == (HOST, part.port))

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._killed = former = self.part
        former.kill()
        self._await_other(former)

    def step_down(self) -> None:
        """Tell it to hand over, as an operator does it before maintenance."""
        former = self.part
        self._client.admin.command("replSetStepDown", _ASIDE_S, secondaryCatchUpPeriodSecs=_ASIDE_S // 2)
        self._await_other(former)

    def freeze(self) -> None:
        """Stop its process as it is: its connections stay open, and nobody answers."""
        self._frozen = former = self.part
        os.kill(former.pid, signal.SIGSTOP)
        self._await_other(former)

    def mend(self) -> None:
        """Bring the former primary back; return once the set is whole again."""
        if self._killed is not None:
            self._killed.start()
        if self._frozen is not None:
            os.kill(self._frozen.pid, signal.SIGCONT)
        self._killed = self._frozen = None
        self._until(self._is_whole)

    def close(self) -> None:
        """Mend it, and hang up."""
        self.mend()
        self._client.close()

    def _await_other(self, former: Part) -> None:
        self._until(lambda: self._client.primary not in {None, (HOST, former.port)})
        self._until(self._is_written)

    def _is_written(self) -> bool:
        """Whether a majority takes a write: the third member is slow to leave a primary that froze."""
        try:
            self._client["elections"]["seen"].insert_one({})
        except PyMongoError:
            return False
        return True

    def _is_whole(self) -> bool:
        """Whether all members follow the primary, or are it."""
        try:
            members = self._client.admin.command("replSetGetStatus")["members"]
        except PyMongoError:
            return False
        return sorted(member["stateStr"] for member in members) == ["PRIMARY", "SECONDARY", "SECONDARY"]

    def _until(self, look: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not look():
            assert time.monotonic() < deadline, "the set did not come to itself"
            time.sleep(0.02)
