"""The doctor's findings, as an operator has them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from infra.local.environment import outer_environment
from tests.commands import Done, run, run_cold
from tests.pressroom import PRESSROOM, Pressroom


class Finding(NamedTuple):
    """Finding about one server."""

    well: bool
    text: str


@dataclass(frozen=True)
class Examined:
    """Exit code of the doctor, and its findings by the names of servers."""

    code: int
    rows: dict[str, Finding]

    def __getitem__(self, beginning: str) -> Finding:
        """Return the one finding about a server whose name begins so."""
        (found,) = (finding for server, finding in self.rows.items() if server.startswith(beginning))
        return found

    def trouble(self, beginning: str) -> str:
        """Return the words about such a server, which must not be well."""
        assert (self.code, self[beginning].well) == (1, False)
        return self[beginning].text


def examine(door: Pressroom, *args: str, **env: str) -> Examined:
    """Have an installation examined, with these settings over its own. Each finding must be one line."""
    return _examined(run(_given(door, env), PRESSROOM, "doctor", *args, "--json"))


def examine_cold(door: Pressroom, **env: str) -> Examined:
    """Have an installation examined by a process that has nothing imported beforehand."""
    return _examined(run_cold(_given(door, env), PRESSROOM, "doctor", "--json"))


def _given(door: Pressroom, env: Mapping[str, str]) -> dict[str, str]:
    return {**outer_environment(), **door.stack.env, **door.env, **env}


def _examined(done: Done) -> Examined:
    assert "Traceback" not in done.err
    rows = {row["server"]: Finding(row["well"], row["finding"]) for row in json.loads(done.out)}
    assert all("\n" not in finding.text for finding in rows.values())
    return Examined(done.code, rows)
