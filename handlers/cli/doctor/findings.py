"""Findings of the doctor: a row for each trial, with its answer or with what a person must do."""

import asyncio
from collections.abc import Awaitable

from handlers.cli.common import Row
from infra.errors import PressroomError, describe

#: Longer than most clients wait for their servers: their errors say more.
DEADLINE_S = 10.0
_CONNECT = "may this machine connect to it, and is its address right?"


class IsOfNoUse(PressroomError):
    """A server answers, and Pressroom cannot work with the answer. The text says what to do."""


async def find(
    server: str, trial: Awaitable[object], within_s: float = DEADLINE_S, says: str = "", remedy: str = _CONNECT
) -> Row:
    """Return the row of a trial: its words if it succeeds within so many seconds, else why it did not.

    `says` are the words of a trial that returns none, and `remedy` what to look at if it takes longer.
    """
    try:
        return {"server": server, "well": True, "finding": await asyncio.wait_for(trial, within_s) or says}
    except TimeoutError:
        told = f"no answer within {within_s:g} s: {remedy}"
    except PressroomError as error:
        told = str(error)
    except Exception as error:  # noqa: BLE001  # every failure is a finding
        told = describe(error)
    return {"server": server, "well": False, "finding": told}
