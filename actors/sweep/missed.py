"""What a crash kept somebody from doing after a step was done."""

import asyncio

import structlog

from actors.deps.process import Deps
from actors.reports.advance import advance_or_call
from infra.errors import TransientError
from storage.steps import unadvanced_steps

log = structlog.get_logger()

_BATCH = 500
#: One step's share of a round: finishing a report asks S3, which may hang.
_STEP_S = 5.0


async def advance_missed_steps(deps: Deps) -> None:
    """Do what done and dead steps unlock, where nobody did; one that fails does not keep the others."""
    for step in await unadvanced_steps(deps.db, deps.clock.now(), _BATCH):
        try:
            async with asyncio.timeout(_STEP_S):
                await advance_or_call(deps, step)
        except (TransientError, TimeoutError) as error:
            log.warning("step_advances_later", step=step["_id"], error=str(error))
